"""What to infer: an unnormalized log density on R^D, and the model's own space."""

from collections.abc import Callable
from functools import partial
from typing import Any, Protocol, final, runtime_checkable

import numpy as np
from jaxtyping import Array, Float, Float64, PyTree

from fluvial.errors import InputError
from fluvial.targets.annotations import Annotations
from fluvial.targets.argument import Argument
from fluvial.targets.batching import as_points
from fluvial.targets.constructors import Constructors
from fluvial.targets.density import Density, JaxDensity
from fluvial.targets.model_functions import ModelFunctions
from fluvial.targets.numpy_callable import NumpyDensity
from fluvial.targets.rows_density import RowsDensity
from fluvial.targets.space import Space

__all__ = ["Target", "UsableAsPrior"]


@runtime_checkable
class UsableAsPrior(Protocol):
    """What can replace a target's prior: a posterior."""

    def as_prior_of(self, target: "Target") -> "Target":
        """Return the target with another prior."""
        ...


@final
class Target(Constructors):
    """An unnormalized log density on unconstrained R^D, with names and the map to a model's space.

    The log density is a function of ONE point that JAX can trace: a vector of shape (D,) if `dim`
    is given, or a PyTree shaped like `example`. It returns a real scalar, in nats. It is always
    evaluated in float64, whatever the dtype of the point that is asked for; arrays in float32
    that it has captured stay as they are. NaN and -inf are allowed on part of the space: they are
    counted by the code that evaluates the density, never hidden here.

    Parameters that are bounded must be mapped to R^D by the log density itself, which then
    includes the log Jacobian of that map; `constrain` leads back, for the draws.

    Args:
        log_density: the function described above.
        dim: D, the number of coordinates, when the log density takes a vector.
        example: otherwise, a PyTree of the argument's structure and shapes; its values do not
            matter, and integers in it stand for floats. The coordinates are its leaves in JAX's
            order, which sorts the keys of a dictionary, each leaf in row-major order.
        constrain: from the log density's argument to a PyTree of what the draws hold; by
            default they hold the argument itself, called "x" if it is a vector.

    Raises:
        InputError: if not exactly one of `dim` and `example` is given, or it is invalid, or the log
            density fails, or returns anything but a real scalar.

    Example:
        >>> target = Target(lambda p: -p["a"] ** 2 / 2 - p["b"] ** 2, example={"a": 0, "b": 0})
        >>> target.dim, target.variables
        (2, {'a': (), 'b': ()})
        >>> values, gradients = target.value_and_grad(np.array([[1.0, 2.0]]))
        >>> values.tolist(), gradients.tolist()
        ([-4.5], [[-1.0, -4.0]])
    """

    def __init__(
        self,
        log_density: Callable[[Any], Any],
        dim: int | None = None,
        *,
        example: PyTree | None = None,
        constrain: Callable[[Any], PyTree] | None = None,
    ):
        argument = Argument(dim, example)
        self._density: Density = JaxDensity(argument.traced(log_density), argument.dim)
        self._space = argument.space(constrain)
        self._source: dict | None = None
        self._log_likelihood = None
        self._annotations = Annotations()
        self._functions = ModelFunctions()
        self._prior: Any = None
        self._again: Callable[[], Target] | None = partial(
            Target, log_density, dim, example=example, constrain=constrain
        )

    @classmethod
    def of(
        cls,
        density: Density,
        space: Space,
        *,
        source: dict | None = None,
        log_likelihood: Callable[[np.ndarray], dict[str, np.ndarray]] | None = None,
        again: "Callable[[], Target] | None" = None,
        annotations: Annotations | None = None,
        functions: ModelFunctions | None = None,
        prior: Any = None,
    ) -> "Target":
        """Put a target together from its parts; this is how the other front ends build theirs.

        Args:
            density: the log density.
            space: the model's own space.
            source: a description, as JSON can hold, from which the target can be rebuilt.
            log_likelihood: of each observation, from points (N, D).
            again: makes the target once more; without it, it cannot be sent to another process.
            annotations: names of dimensions, coordinates and data.
            functions: what the model can tell beyond its log density.
            prior: what `given` has replaced the prior by.
        """
        target = cls.__new__(cls)
        target._density = density
        target._space = space
        target._source = source
        target._log_likelihood = log_likelihood
        target._again = again
        target._annotations = annotations or Annotations()
        target._functions = functions or ModelFunctions()
        target._prior = prior
        return target

    @property
    def black_box(self) -> NumpyDensity | None:
        """The density, if it is a function that JAX cannot trace; else None."""
        return self._density if isinstance(self._density, NumpyDensity) else None

    def with_source(self, source: dict, again: "Callable[[], Target]") -> "Target":
        """Return the same target, with a description and a function that rebuild it."""
        return Target.of(
            self._density,
            self._space,
            source=source,
            log_likelihood=self._log_likelihood,
            again=again,
            annotations=self._annotations,
            functions=self._functions,
            prior=self._prior,
        )

    def with_density(self, density: Density) -> "Target":
        """Return the target of another density on the same space."""
        return Target.of(
            density,
            self._space,
            again=self._again,
            annotations=self._annotations,
            functions=self._functions,
            prior=self._prior,
        )

    @property
    def dim(self) -> int:
        """D, the number of unconstrained coordinates."""
        return self._density.dim

    @property
    def on_host(self) -> bool:
        """Whether the log density is computed by the host, as a Stan program's is."""
        return self._density.on_host

    @property
    def costly(self) -> bool:
        """Whether a million evaluations of the log density are too many to be spent on a search."""
        return self._density.costly

    @property
    def streamed(self) -> RowsDensity | None:
        """The log density as a sum over rows, if that is what it was made of."""
        return self._density if isinstance(self._density, RowsDensity) else None

    @property
    def up_to_constant(self) -> bool:
        """Whether the log density, and so the evidence, is known up to a constant only.

        That is so for a Stan program whose `~` statements drop constants that cannot be restored.
        """
        return self._density.up_to_constant

    @property
    def variables(self) -> dict[str, tuple[int, ...]]:
        """Name -> shape of everything that `constrain` returns, in the model's own order."""
        return dict(self._space.variables)

    @property
    def parameters(self) -> tuple[str, ...]:
        """The names among `variables` that are parameters, not quantities derived from them."""
        return self._space.parameters

    @property
    def source(self) -> dict | None:
        """A description, as JSON can hold, from which `target_from_source` rebuilds the target."""
        return self._source

    @property
    def log_likelihood(self) -> Callable[[np.ndarray], dict[str, np.ndarray]] | None:
        """From points (N, D) to each observation's log likelihood, name -> (N, *shape); or None.

        It is known for NumPyro and PyMC models. A Stan program has it among its draws if it
        computes it, by custom as the generated quantity `log_lik`.
        """
        return self._log_likelihood

    @property
    def density(self) -> Density:
        """How the log density is evaluated."""
        return self._density

    @property
    def space(self) -> Space:
        """The model's own space, and the map to it."""
        return self._space

    @property
    def functions(self) -> ModelFunctions:
        """What the model provides beyond its log density, such as its log prior."""
        return self._functions

    @property
    def coordinates(self) -> dict[str, tuple[int, int]]:
        """Parameter -> where its unconstrained coordinates start, and how many it has."""
        return dict(self._space.coordinates)

    @property
    def prior(self) -> Any:
        """The posterior by which `given` has replaced the prior, with its chain; or None."""
        return self._prior

    def given(self, posterior: "UsableAsPrior") -> "Target":
        """Replace the prior of the parameters that an earlier posterior has, too.

        Data sets are chained that way: ``fit(model(batch_2).given(posterior_1))``. Of a NumPyro or
        PyMC model, the priors of these sites are left out. The log density of a JAX function
        counts as a log likelihood, to which the posterior's is added. A Stan program must have no
        prior for these parameters. Parameters that only the posterior has are integrated out where
        it is Gaussian, and otherwise carried along as unnamed coordinates.

        Args:
            posterior: an earlier fit with the verdict GOOD or USE_WEIGHTS.

        Returns:
            A target whose log density is the likelihood's, plus the log density of the posterior's
            approximation. Its fit counts, in its verdict, the errors that the chain has gathered.

        Raises:
            InputError: if no parameter's name is in both, one has another shape or another map to
                R^D, the posterior has FAILED or needs MCMC, or the program has a prior of its own.

        Example:
            >>> import fluvial, jax.numpy as jnp
            >>> first = Target(lambda x: -0.5 * jnp.sum(x**2), dim=1)
            >>> second = Target(lambda x: -0.5 * jnp.sum((x - 1.0) ** 2), dim=1)
            >>> posterior = fluvial.fit(first, progress=False)
            >>> both = fluvial.fit(second.given(posterior), progress=False)
            >>> abs(float(both.draws(4000)["x"].mean()) - 0.5) < 0.03
            True
        """
        if not isinstance(posterior, UsableAsPrior):
            raise InputError(
                f"given was called with {type(posterior).__name__!r}: give a posterior that "
                "fluvial.fit has returned, or fluvial.load has read."
            )
        return posterior.as_prior_of(self)

    @property
    def annotations(self) -> Annotations:
        """Names of dimensions, coordinates and data, as a NumPyro or PyMC model has them."""
        return self._annotations

    def log_prob(self, x: Float[Array, " D"]) -> Float[Array, ""]:
        """Return the log density of one unconstrained point, in nats, in the point's dtype.

        It can be differentiated, and used inside `jit`, `vmap` and `lax.scan`.
        """
        return self._density.log_prob(x)

    def as_argument(self) -> Any:
        """Return what has this target's ``log_prob`` and makes the fewest programs.

        A target as an argument of a compiled function makes a program of its own. What this
        returns for a Stan model makes one for all Stan models of its dimension. It does not keep
        the target alive, and must not outlive it.
        """
        argument = self._density.as_argument()
        return self if argument is None else argument

    def value_and_grad(
        self, points: np.ndarray
    ) -> tuple[Float64[np.ndarray, " N"], Float64[np.ndarray, "N D"]]:
        """Return log densities (N,) and gradients (N, D) of points (N, D), all in float64.

        Values that are not finite are returned as they are.

        Raises:
            InputError: if the points are not of shape (N, D).
        """
        return self._density.value_and_grad(as_points(points, self.dim))

    def values(self, points: np.ndarray) -> Float64[np.ndarray, " N"]:
        """Return log densities (N,) of points (N, D), in float64.

        Raises:
            InputError: if the points are not of shape (N, D).
        """
        return self._density.values(as_points(points, self.dim))

    def constrain(self, points: np.ndarray, seed: int = 0) -> dict[str, np.ndarray]:
        """Map unconstrained points (N, D) to the model's own space: name -> (N, *shape), float64.

        Args:
            points: shape (N, D).
            seed: for generated quantities that are drawn at random; the same seed gives the same.

        Raises:
            InputError: if the points are not of shape (N, D).
        """
        return self._space.constrain(as_points(points, self.dim), seed)

    def __reduce__(self):
        """Travel to another process as what the target was made of, and be made again there."""
        if self._again is None:
            raise TypeError("this target does not know how it was made")
        return self._again, ()

    def __repr__(self) -> str:
        return f"Target(dim={self.dim}, variables={self.variables})"
