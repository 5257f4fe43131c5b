r"""Maps to a model's own space that take each coordinate by itself, read off from their values.

Front ends bound parameters by few functions: θ = a + b x, a + b exp x, a + b logistic(x) or
a + b softplus(x). Which one, and a and b, follow from the values at a few x, whoever wrote the map:
Stan, NumPyro, PyMC or a user. Once they are known, the map has an inverse and a log Jacobian that
JAX can trace. A parameter whose elements depend on each other (a simplex, a Cholesky factor), or
whose bounds depend on another parameter, has no such form.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from fluvial.errors import InputError
from fluvial.targets.density import Density, JaxDensity
from fluvial.targets.shifted import AddedDensity
from fluvial.targets.space import Space
from fluvial.targets.tracing import Traced

__all__ = ["Elementwise", "elementwise", "without_volume"]

_PROBES = np.array([0.0, 1.0, -1.0, 2.0, -2.0, 0.5])
_ROUNDING = 1e-5  # PyTensor computes some constants in float32
_ROWS = 256  # points that are mapped at once


class _Form(NamedTuple):
    """A function of one number, its inverse, and the log of its derivative."""

    value: Callable
    inverse: Callable
    log_slope: Callable


_FORMS = (
    _Form(lambda x: x, lambda u: u, lambda x: jnp.zeros_like(x)),
    _Form(jnp.exp, jnp.log, lambda x: x),
    _Form(
        jax.nn.sigmoid,
        lambda u: jnp.log(u) - jnp.log1p(-u),
        lambda x: jax.nn.log_sigmoid(x) + jax.nn.log_sigmoid(-x),
    ),
    _Form(jax.nn.softplus, lambda u: u + jnp.log(-jnp.expm1(-u)), jax.nn.log_sigmoid),
)


@dataclass(frozen=True, eq=False)
class Elementwise:
    """The map of some parameters: θ = a + b f(x), for each element.

    Attributes:
        shapes: parameter -> its shape.
        places: parameter -> the coordinate of each of its elements, in row-major order.
        forms: coordinate -> which f.
        offsets: coordinate -> a.
        scales: coordinate -> b.
    """

    shapes: dict[str, tuple[int, ...]]
    places: dict[str, np.ndarray]
    forms: np.ndarray
    offsets: np.ndarray
    scales: np.ndarray

    def inverse(self, values: Mapping[str, Array]) -> tuple[Float[Array, " D"], Float[Array, ""]]:
        """Map parameters in their own space to x (D,); also ln|det dθ/dx| there."""
        flat = jnp.concatenate([jnp.ravel(values[name]) for name in self.places])
        x = jnp.zeros(len(self.forms), flat.dtype)
        x = x.at[np.concatenate(list(self.places.values()))].set(flat)
        u = (x - self.offsets.astype(flat.dtype)) / self.scales.astype(flat.dtype)
        for number, form in enumerate(_FORMS):
            at = np.flatnonzero(self.forms == number)
            if len(at):
                x = x.at[at].set(form.inverse(u[at]))
        return x, self.log_volume(x)

    def values(self, x: Float[Array, " D"]) -> dict[str, Array]:
        """Map x (D,) to the parameters in their own space."""
        u = jnp.asarray(x)
        for number, form in enumerate(_FORMS):
            at = np.flatnonzero(self.forms == number)
            if len(at):
                u = u.at[at].set(form.value(x[at]))
        mapped = self.offsets.astype(x.dtype) + u * self.scales.astype(x.dtype)
        mapped = jnp.asarray(mapped)
        return {
            name: mapped[places].reshape(self.shapes[name]) for name, places in self.places.items()
        }

    def flat(self, x: Float[Array, " D"]) -> Float[Array, " P"]:
        """Map x (D,) to all elements of the parameters, one parameter after another."""
        return jnp.concatenate([jnp.ravel(value) for value in self.values(x).values()])

    def log_volume(self, x: Float[Array, " D"]) -> Float[Array, ""]:
        """Return ln|det dθ/dx| of these parameters, at x (D,)."""
        total = jnp.zeros((), x.dtype)
        own = np.sort(np.concatenate(list(self.places.values())))
        for number, form in enumerate(_FORMS):
            at = own[self.forms[own] == number]
            if len(at):
                scales = np.log(np.abs(self.scales[at])).astype(x.dtype)
                total = total + jnp.sum(form.log_slope(x[at]) + scales)
        return total


def elementwise(space: Space, dim: int, names: tuple[str, ...]) -> Elementwise:
    """Read off the map of some parameters.

    Raises:
        InputError: if one has another map.
    """
    places = _places(space, dim, names)
    curves = space.constrain(np.repeat(_PROBES[:, None], dim, axis=1), 0)
    forms, offsets, scales = np.zeros(dim, int), np.zeros(dim), np.ones(dim)
    for name in names:
        curve = curves[name].reshape(len(_PROBES), -1)
        at = places[name]
        forms[at], offsets[at], scales[at] = _fitted(name, curve)
    return Elementwise({n: space.variables[n] for n in names}, places, forms, offsets, scales)


def _places(space: Space, dim: int, names: tuple[str, ...]) -> dict[str, np.ndarray]:
    """The one coordinate that moves each element."""
    base = np.random.default_rng(0).normal(scale=0.5, size=dim)
    middle = space.constrain(base[None], 0)
    moved = {name: np.full(middle[name].size, -1) for name in names}
    for start in range(0, dim, _ROWS):
        rows = np.arange(start, min(start + _ROWS, dim))
        points = np.repeat(base[None], len(rows), axis=0)
        points[np.arange(len(rows)), rows] += 0.5
        values = space.constrain(points, 0)
        for name in names:
            changed = values[name].reshape(len(rows), -1) != middle[name].reshape(1, -1)
            if (changed.sum(axis=0) + (moved[name] >= 0) > 1).any():
                raise _no_form(name)
            row, element = np.nonzero(changed)
            moved[name][element] = rows[row]
    for name in names:
        if (moved[name] < 0).any() or len(set(moved[name].tolist())) < len(moved[name]):
            raise _no_form(name)
    return moved


def _fitted(name: str, curve: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Which form, and its a and b, for each column of values at the probes."""
    best = np.full(curve.shape[1], np.inf)
    form, offset, scale = np.zeros(len(best), int), np.zeros(len(best)), np.ones(len(best))
    size = np.maximum(np.abs(curve).max(axis=0), np.ptp(curve, axis=0))
    for number, candidate in enumerate(_FORMS):
        with jax.enable_x64(True):
            f = np.asarray(candidate.value(jnp.asarray(_PROBES)), np.float64)
        b = (curve[1] - curve[2]) / (f[1] - f[2])
        a = curve[0] - b * f[0]
        error = np.abs(a + b * f[:, None] - curve).max(axis=0) / np.where(size > 0.0, size, 1.0)
        better = error < np.minimum(best, _ROUNDING)
        best = np.where(better, error, best)
        form, offset, scale = (
            np.where(better, new, old) for new, old in ((number, form), (a, offset), (b, scale))
        )
    if not np.isfinite(best).all():
        raise _no_form(name)
    return form, np.where(np.abs(offset) <= 1e-9 * np.abs(scale), 0.0, offset), scale


def _no_form(name: str) -> InputError:
    return InputError(
        f"the parameter {name} is not mapped to R^D element by element, as a simplex, a Cholesky "
        "factor, or one whose bounds depend on others is not: use the unconstrained point (D,) "
        "instead of its name."
    )


def without_volume(density: Density, space: Space, names: tuple[str, ...]) -> Density:
    """Take the log Jacobians of some parameters out of a log density."""
    found = elementwise(space, density.dim, names)
    return AddedDensity(
        density, JaxDensity(Traced(lambda x: -found.log_volume(x), density.dim), density.dim)
    )
