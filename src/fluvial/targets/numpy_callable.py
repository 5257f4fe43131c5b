"""A log density that only NumPy can call: its evaluations, its space, and where they are kept."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, final

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Float64

from fluvial.errors import InputError, described
from fluvial.evaluating.calling import called
from fluvial.evaluating.evaluator import Evaluator, told
from fluvial.evaluating.processes import Processes
from fluvial.targets.density import Density, with_gradient
from fluvial.targets.given_prior import as_prior
from fluvial.targets.priors import Prior
from fluvial.targets.space import Space

__all__ = ["NumpyDensity", "numpy_parts"]

_STEP = (
    1e-4  # of central differences: between the cube root of float64's precision and that of 1e-12
)


@final
class NumpyDensity(Density):
    """A function of NumPy arrays, as a log density on R^D.

    Args:
        evaluator: calls the function.
        prior: leads from R^D to its parameters.
        gradient: of the function by its parameters, at one point or at many; None takes central
            differences, which are 2 D + 1 evaluations a point.
        vectorized: whether the gradient takes (N, D).

    Attributes:
        prior: see above.
        has_gradient: whether one was given.
    """

    on_host = True
    costly = True

    def __init__(
        self, evaluator: Evaluator, prior: Prior, gradient: Callable | None, vectorized: bool
    ):
        self.dim, self.prior = prior.dim, prior
        self.has_gradient = gradient is not None
        self._evaluator, self._gradient, self._vectorized = evaluator, gradient, vectorized
        self._log_prob = with_gradient(self._called_back, self._called_back_with_gradient)

    @property
    def calls(self) -> int:
        """At how many points the function has been called so far."""
        return self._evaluator.calls

    @property
    def spared(self) -> bool:
        """Whether evaluations seem to be dear: they are kept on disk, or made by others."""
        return self._evaluator.spared

    @property
    def failed(self) -> int:
        """At how many points it has failed, or returned NaN, and counts as without density."""
        return self._evaluator.failed

    @property
    def failure(self) -> str:
        """How a call has failed, a clause such as "raised ValueError: no root"; or ""."""
        return self._evaluator.failure

    def keep(self, path: Path) -> None:
        """Keep every evaluation in a file, unless they already have one.

        Raises:
            InputError: if the file belongs to another function.
        """
        self._evaluator.keep(path, self.dim)

    def log_prob(self, x: Float[Array, " D"]) -> Float[Array, ""]:
        """Return the log density of one point, through a call back to the host."""
        return self._log_prob(x)

    def values(self, points: Float64[np.ndarray, "N D"]) -> Float64[np.ndarray, " N"]:
        """Return log densities."""
        return self.repeated(points, 0)

    def repeated(
        self, points: Float64[np.ndarray, "N D"], repetition: int
    ) -> Float64[np.ndarray, " N"]:
        """Return log densities, evaluated once more for each number of a repetition."""
        x = self.prior.parameters(points)
        values, finite = np.full(len(x), np.nan), np.isfinite(x).all(axis=1)
        values[finite] = self._evaluator(x[finite], repetition)
        return values + self.prior.log_density(points) + self.prior.constant

    def check_prior(self, points: Float64[np.ndarray, "N D"]) -> None:
        """Check that draws from the prior are parameters.

        Raises:
            InputError: if some are not finite.
        """
        x = self.prior.parameters(points)
        wrong = np.flatnonzero(~np.isfinite(x).all(axis=1))
        if len(wrong):
            from scipy.special import ndtr

            u, found = ndtr(points[wrong[0]]), x[wrong[0]]
            raise InputError(
                f"the prior leads from {told(u)} in the unit cube to {told(found)}: make it return "
                "finite parameters."
            )

    def value_and_grad(
        self, points: Float64[np.ndarray, "N D"]
    ) -> tuple[Float64[np.ndarray, " N"], Float64[np.ndarray, "N D"]]:
        """Return log densities and gradients."""
        if self._gradient is None:
            return self._differences(points)
        gradients = self._gradients(self.prior.parameters(points))
        return self.values(points), self.prior.pull_back(points, gradients)

    def _differences(self, points):
        n, dim = points.shape
        steps = _STEP * np.concatenate([np.zeros((1, dim)), np.eye(dim), -np.eye(dim)])
        moved = (points[:, None] + steps).reshape(-1, dim)
        values = self.values(moved).reshape(n, -1)
        with np.errstate(invalid="ignore"):
            gradients = (values[:, 1 : dim + 1] - values[:, dim + 1 :]) / (2.0 * _STEP)
        return values[:, 0], gradients

    def _gradients(self, x: Float64[np.ndarray, "N D"]) -> Float64[np.ndarray, "N D"]:
        gradient = self._gradient
        if gradient is None:
            raise InputError("the target has no gradient.")
        try:
            arguments = [x] if self._vectorized else x
            found = [called(gradient, argument.copy()) for argument in arguments]
            found = found[0] if self._vectorized else found
            result = np.asarray(found, np.float64)
        except Exception as error:
            raise InputError(f"the gradient raised {described(error)}.") from error
        if result.shape != x.shape:
            shape = result.shape if self._vectorized else result.shape[1:]
            wanted = x.shape if self._vectorized else x.shape[1:]
            raise InputError(
                f"the gradient has shape {shape} where it should have {wanted}: return the "
                "derivative by each parameter."
            )
        return result

    def _called_back(self, x):
        shape = jax.ShapeDtypeStruct((), jnp.float64)
        with jax.enable_x64(True):
            result = jax.pure_callback(
                lambda z: self.values(np.asarray(z, np.float64).reshape(1, -1))[0],
                shape,
                x,
                vmap_method="sequential",
            )
            return result.astype(x.dtype)

    def _called_back_with_gradient(self, x):
        def both(z):
            values, gradients = self.value_and_grad(np.asarray(z, np.float64).reshape(1, -1))
            return values[0], gradients[0]

        shapes = (
            jax.ShapeDtypeStruct((), jnp.float64),
            jax.ShapeDtypeStruct((self.dim,), jnp.float64),
        )
        with jax.enable_x64(True):
            result = jax.pure_callback(both, shapes, x, vmap_method="sequential")
            return jax.tree.map(lambda leaf: leaf.astype(x.dtype), result)


def numpy_parts(
    function: Callable,
    *,
    dim: int | None,
    prior: Any,
    bounds: Any,
    prior_transform: Callable | None,
    names: Sequence[str] | None,
    vectorized: bool,
    gradient: Callable | None,
    workers: int,
    pool: Any,
    timeout: float | None,
    failures: str,
    cache: str | Path | None,
) -> tuple[NumpyDensity, Space]:
    """Put a density and its space together; ``Target.from_numpy`` explains the arguments.

    Raises:
        InputError: if one is invalid, or the cache belongs to another function.
    """
    _check(function, gradient, workers, pool, timeout, failures)
    made = as_prior(
        dim=dim,
        prior=prior,
        bounds=bounds,
        prior_transform=prior_transform,
        names=names,
        vectorized=vectorized,
    )
    elsewhere = pool is None and (workers > 1 or timeout is not None)
    evaluator = Evaluator(
        function,
        vectorized=vectorized,
        processes=Processes(function, workers, timeout) if elsewhere else None,
        workers=workers,
        pool=pool,
        failures=failures,
        name="log density" if prior is None and prior_transform is None else "log likelihood",
    )
    if cache is not None:
        evaluator.keep(Path(cache), made.dim)
    return NumpyDensity(evaluator, made, gradient, vectorized), _space(made)


def _check(function, gradient, workers, pool, timeout, failures) -> None:
    for name, value in (("log density", function), ("gradient", gradient)):
        if not callable(value) and not (name == "gradient" and value is None):
            raise InputError(f"the {name} is of type {type(value).__name__}: give a function.")
    if isinstance(workers, bool) or not isinstance(workers, int | np.integer) or workers < 1:
        raise InputError(f"workers is {workers!r}: give the number of processes, at least 1.")
    if timeout is not None and not timeout > 0.0:
        raise InputError(f"timeout is {timeout!r}: give seconds, more than 0.")
    if pool is not None and not hasattr(pool, "map"):
        raise InputError("the pool has no method `map`: give an executor, or `workers`.")
    if pool is not None and (timeout is not None or workers > 1):
        raise InputError(
            "`workers` and `timeout` are of processes of fluvial's own: leave them out with `pool`."
        )
    if failures not in ("raise", "nan", "-inf"):
        raise InputError(f'failures is {failures!r}: give "raise", "nan" or "-inf".')


def _space(prior: Prior) -> Space:
    def constrain(points, seed):
        del seed  # nothing here is random
        x, pieces, start = prior.parameters(points), {}, 0
        for name, shape in prior.variables.items():
            stop = start + int(np.prod(shape))
            pieces[name] = x[:, start:stop].reshape(len(x), *shape)
            start = stop
        return pieces

    return Space(prior.variables, tuple(prior.variables), constrain)
