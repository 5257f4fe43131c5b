"""What to infer: an unnormalized log density on R^D, and the model's own space."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Protocol, final, runtime_checkable

import numpy as np
from jaxtyping import Array, Float, Float64, PyTree

from fluvial.errors import InputError
from fluvial.targets.annotations import Annotations
from fluvial.targets.argument import Argument
from fluvial.targets.batching import as_points
from fluvial.targets.density import Density, JaxDensity
from fluvial.targets.from_rows import density_of_groups, density_of_rows
from fluvial.targets.model_functions import ModelFunctions
from fluvial.targets.numpy_callable import NumpyDensity, numpy_parts
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
class Target:
    """An unnormalized log density on unconstrained R^D, with names and the map to a model's space.

    The log density is a function of ONE point that JAX can trace: a vector of shape (D,) if `dim`
    is given, or a PyTree shaped like `example`. It returns a real scalar, in nats. It is always
    evaluated in float64, whatever the dtype of the point that is asked for; arrays in float32
    that it has captured stay as they are. NaN and -inf are allowed on part of the space: they are
    counted by whoever evaluates the density, never hidden here.

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
    def from_rows(
        cls,
        log_prior: Callable[[Any], Any],
        log_likelihood: Callable[[Any, PyTree], Any],
        data: PyTree,
        *,
        dim: int | None = None,
        example: PyTree | None = None,
        constrain: Callable[[Any], PyTree] | None = None,
        block_bytes: int = 2**28,
    ) -> "Target":
        r"""Make a target of a log prior and rows, of which there may be ten million.

        .. math:: \ln p(\theta) = \ln p_0(\theta) + \sum_{i=1}^N \ln p(y_i \mid \theta)

        The rows are read, and their terms computed, a block at a time, and are never copied as a
        whole. Blocks of float32 rows stay float32 unless the log likelihood mixes them with the
        parameters, which are float64; sums are float64. Where several processes have joined
        (``distributed.join``), each gives its own rows, and the density is that of all of them.

        Args:
            log_prior: from the parameters to a real scalar, in nats; including the log Jacobian of
                any map from bounded parameters to R^D.
            log_likelihood: from the parameters and a block of R rows, a PyTree like ``data``, to R
                numbers in nats, each of which depends on its own row alone; traceable by JAX.
            data: a PyTree of arrays with one leading axis: NumPy or JAX arrays, memory maps
                (``np.load(path, mmap_mode="r")``), or anything that has a length and slices, such
                as a dataset of h5py or zarr. Integers arrive as int64.
            dim: see ``Target``, as for the next two.
            example: see ``Target``.
            constrain: see ``Target``.
            block_bytes: the most memory, in bytes, that a block of rows and what is computed from
                it may take.

        Raises:
            InputError: if the data are empty, differ in their numbers of rows or hold no numbers,
                a function fails, or the log likelihood does not return a number for each row that
                depends on that row alone.

        Example:
            >>> rows = {"x": np.array([1.0, 2.0, 3.0])}
            >>> target = Target.from_rows(
            ...     lambda mu: -0.5 * mu[0] ** 2,
            ...     lambda mu, rows: -0.5 * (rows["x"] - mu[0]) ** 2,
            ...     rows,
            ...     dim=1,
            ... )
            >>> target.values(np.array([[2.0]])).tolist()
            [-3.0]
        """
        argument = Argument(dim, example)
        density = density_of_rows(argument, log_prior, log_likelihood, data, block_bytes)
        again = partial(
            Target.from_rows,
            log_prior,
            log_likelihood,
            data,
            dim=dim,
            example=example,
            constrain=constrain,
            block_bytes=block_bytes,
        )
        return Target.of(density, argument.space(constrain), again=again)

    @classmethod
    def from_groups(
        cls,
        log_prior: Callable[[Any], Any],
        local_log_prior: Callable[[Any, Any], Any],
        log_likelihood: Callable[[Any, Any, PyTree], Any],
        data: PyTree,
        group: Any,
        *,
        dim: int | None = None,
        example: PyTree | None = None,
        local_dim: int = 1,
        constrain: Callable[[Any], PyTree] | None = None,
        block_bytes: int = 2**28,
    ) -> "Target":
        r"""Make a target of many groups of rows, each with one to three latents of its own.

        The target's coordinates are the parameters θ that all groups share. A group's latents u are
        integrated out, by adaptive quadrature,

        .. math:: \ln p(\theta) = \ln p_0(\theta) + \sum_g \ln \int p(u \mid \theta)
                  \prod_{i \in g} p(y_i \mid u, \theta) \, du,

        and ``posterior.local_draws`` draws them for the groups that are asked for. Where some
        hundred groups have many rows each, ``from_rows`` with their latents among the parameters is
        as good.

        Args:
            log_prior: of θ, in nats.
            local_log_prior: from θ and u to a real scalar.
            log_likelihood: from θ, u and the R rows of one group to R numbers.
            data: see ``from_rows``.
            group: of each row the number of its group, from 0, shape (N,).
            dim: see ``Target``, as for the next one; of θ.
            example: see there.
            local_dim: how many latents a group has, which come as a vector of shape (local_dim,).
            constrain: see ``Target``.
            block_bytes: see ``from_rows``.

        Raises:
            InputError: see ``from_rows``; and if a group has no rows, or too many latents.

        Example:
            >>> y, group = np.array([0.0, 2.0, 1.0]), np.array([0, 0, 1])
            >>> target = Target.from_groups(
            ...     lambda mu: -0.5 * mu[0] ** 2,
            ...     lambda mu, u: -0.5 * (u[0] - mu[0]) ** 2,
            ...     lambda mu, u, y: -0.5 * (y - u[0]) ** 2,
            ...     y,
            ...     group,
            ...     dim=1,
            ... )
            >>> target.dim, target.streamed.count
            (1, 2)
        """
        argument = Argument(dim, example)
        density = density_of_groups(
            argument,
            log_prior,
            local_log_prior,
            log_likelihood,
            data,
            group,
            local_dim=local_dim,
            block_bytes=block_bytes,
        )
        again = partial(
            Target.from_groups,
            log_prior,
            local_log_prior,
            log_likelihood,
            data,
            group,
            dim=dim,
            example=example,
            local_dim=local_dim,
            constrain=constrain,
            block_bytes=block_bytes,
        )
        return Target.of(density, argument.space(constrain), again=again)

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

    @classmethod
    def from_numpy(
        cls,
        log_density: Callable[[np.ndarray], Any],
        *,
        dim: int | None = None,
        prior: Any = None,
        bounds: Any = None,
        prior_transform: Callable[[np.ndarray], Any] | None = None,
        names: Sequence[str] | None = None,
        vectorized: bool = False,
        gradient: Callable[[np.ndarray], Any] | None = None,
        workers: int = 1,
        pool: Any = None,
        timeout: float | None = None,
        failures: str = "raise",
        cache: str | Path | None = None,
    ) -> "Target":
        r"""Make a target of a function that JAX cannot trace: NumPy, C, Fortran, a subprocess.

        It takes a float64 array of shape (D,), the parameters in the model's own space, and
        returns a number in nats; -inf means that there is no density. `fluvial.fit` needs no
        gradient, and few evaluations. What the function is depends on what is given with it:

        * with ``prior`` or ``prior_transform`` it is the log likelihood, and the evidence is
          Z = ∫ L(θ) π(θ) dθ, as in nested sampling;
        * with ``bounds`` it is the log density itself, and Z its integral within them;
        * with ``dim`` alone it is the log density on all of R^D.

        Args:
            log_density: the function.
            dim: D, where neither ``prior`` nor ``bounds`` determines it.
            prior: name -> frozen distribution of ``scipy.stats``, or (low, high) for a uniform
                one; or a row of them. The parameters have the same order.
            bounds: (low, high) of each parameter, or name -> (low, high).
            prior_transform: from the unit cube to the parameters, as for nested sampling.
            names: of the parameters; by default they are a vector called "x".
            vectorized: whether the functions take many points, (N, D), and return (N,).
            gradient: of ``log_density`` by the parameters: (D,), or (N, D) if vectorized. ``fit``
                needs none, and takes fewer evaluations with it; one with its gradient counts once.
            workers: processes that call the function, each with a copy of it.
            pool: or anything with a method ``map``, such as a ``ThreadPoolExecutor``.
            timeout: the most seconds of a call, which then runs in another process.
            failures: "raise" ends everything with the first call that raises an error or takes too
                long; "nan" counts it among the points without a density, and says how many.
            cache: a file in which every evaluation is kept as soon as it is made. A fit that was
                killed makes none of them again, and ends with the same bits. Gradients are not
                kept.

        Raises:
            InputError: if an argument is invalid, or the cache belongs to another function. What
            the
                function returns is checked whenever it is called.

        Example:
            >>> import scipy.stats
            >>> target = Target.from_numpy(
            ...     lambda x: -0.5 * (x[0] - 1.0) ** 2, prior={"mu": scipy.stats.norm(0.0, 2.0)}
            ... )
            >>> target.variables
            {'mu': ()}
            >>> target.constrain(np.zeros((1, 1)))["mu"].tolist()
            [0.0]
        """
        options = {
            "dim": dim,
            "prior": prior,
            "bounds": bounds,
            "prior_transform": prior_transform,
            "names": names,
            "vectorized": vectorized,
            "gradient": gradient,
            "workers": workers,
            "pool": pool,
            "timeout": timeout,
            "failures": failures,
            "cache": cache,
        }
        density, space = numpy_parts(log_density, **options)
        again = partial(Target.from_numpy, log_density, **options) if pool is None else None
        return cls.of(density, space, again=again)

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
