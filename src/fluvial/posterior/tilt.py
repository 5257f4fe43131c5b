r"""A polynomial that makes up for what an approximation lacks, where its draws lie.

At a fit's pool the log density of the posterior p is known exactly, and so is that of the
approximation q. The difference ln p − ln q is smooth, and free of noise: a polynomial s that is
fitted to it by least squares leaves far less of it than q alone. The density

.. math:: q_s(x) = q(x) \, e^{s(x)}

is an exponential tilt of q. It is fitted where p or q has mass. Coordinates are whitened, and drawn
back along their ray onto a ball that holds nearly all of it, and s is kept between the values that
ln p − ln q has there: a polynomial that went astray, where there are no draws, could otherwise make
mass out of nothing. So q_s has an integral whatever the degree. It is E_p[q_s / p], whose error is
that of the small variance of ln p − ln q_s.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import comb
from types import ModuleType
from typing import Any

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from fluvial.posterior.gaussian import Gaussian, moments

__all__ = ["Tilt", "fitted_tilt"]

_ENOUGH = 20.0  # effective draws for each coefficient, so that held-out residuals are those fitted
_HIGHEST = 8  # degree: powers of the unit ball beyond are nearly the same; by hand
_SMALL = 1e-3  # nats: what moves a mean by a hundredth of the 0.1 sd that GOOD allows
_RARE = 1e-3  # the share of the mass that lies outside of the ball


@dataclass(frozen=True, eq=False)
class _Monomials:
    """All terms of one degree: each is a term of the degree below times a coordinate."""

    parents: Int[np.ndarray, " T"]
    factors: Int[np.ndarray, " T"]


@dataclass(frozen=True, eq=False)
class Tilt:
    """The polynomial s, bounded.

    Attributes:
        gaussian: whitens.
        radius: of the ball.
        terms: of each degree from 1 on.
        coefficients: of the constant, and of the terms of each degree.
        limits: of s, in nats, before ...
        constant: ... this is added, which makes q e^s a normalized density.
    """

    gaussian: Gaussian
    radius: float
    terms: tuple[_Monomials, ...]
    coefficients: tuple[Float[np.ndarray, " _"], ...]
    limits: tuple[float, float]
    constant: float = 0.0

    def values(self, x: Float[np.ndarray, "N D"]) -> Float[np.ndarray, " N"]:
        """Return s at points (N, D), in nats."""
        return self._sum(_in_ball(self.gaussian.whiten(x), self.radius, np), np)

    def traced(self, x: Float[Array, " D"]) -> Float[Array, ""]:
        """Return s at one point, in nats; JAX can trace it."""
        inverse = np.linalg.inv(self.gaussian.cholesky)
        return self._sum(_in_ball(inverse @ (x - self.gaussian.mean), self.radius, jnp), jnp)

    def _sum(self, u: Any, xp: ModuleType) -> Any:
        parts = _powers(u, self.terms)
        total = sum((xp.dot(p, c) for p, c in zip(parts, self.coefficients, strict=True)))
        return xp.clip(total, *self.limits) + self.constant


def fitted_tilt(
    x: Float[np.ndarray, "S d"],
    w: Float[np.ndarray, " S"],
    r: Float[np.ndarray, " S"],
) -> Tilt | None:
    """Fit the polynomial of that degree which leaves the least of r at points that are held out.

    Args:
        x: weighted draws of the posterior, in the coordinates of the polynomial.
        w: their weights.
        r: ln p − ln q there, in nats.

    Returns:
        The tilt, for which q e^s is normalized; or None where q is exact, or nothing is gained.

    Example:
        >>> x = np.random.default_rng(0).standard_normal((4000, 1))
        >>> w = np.exp(0.2 * x[:, 0])  # from N(0, 1) to N(0.2, 1)
        >>> tilt = fitted_tilt(x, w, 0.2 * x[:, 0] - 0.02)
        >>> tilt.values(np.array([[1.0]])).round(3)
        array([0.18])
    """
    usable = (w > 0.0) & np.isfinite(r)
    x, w, r = x[usable], w[usable] / max(w[usable].sum(), 1e-300), r[usable]
    most = int(1.0 / (_ENOUGH * (w @ w))) if len(w) else 0
    if most < x.shape[1] + 1 or _spread(r, w) <= _SMALL:
        return None
    own = w * np.exp(np.min(r) - r)
    both = 0.5 * (w + own / own.sum())
    gaussian = moments(x, both)
    z = gaussian.whiten(x)
    radius = _quantile(np.linalg.norm(z, axis=1), both, 1.0 - _RARE)
    u = _in_ball(z, radius, np)
    least, best = _spread(r, both), None
    for terms in _candidates(x.shape[1], most):
        left = _held_out(u, both, r, terms)
        if left < least:
            least, best = left, terms
    if best is None:
        return None
    flat = _least_squares(_design(u, best), both, r)
    parts = np.split(flat, np.cumsum([1, *(len(part.factors) for part in best)])[:-1])
    limits = (_quantile(r, both, 0.5 * _RARE), _quantile(r, both, 1.0 - 0.5 * _RARE))
    tilt = Tilt(gaussian, radius, best, tuple(parts), limits)
    return replace(tilt, constant=-float(np.log(w @ np.exp(tilt.values(x) - r))))


def _quantile(values: Float[np.ndarray, " S"], w: Float[np.ndarray, " S"], share: float) -> float:
    order = np.argsort(values)
    place = np.searchsorted(np.cumsum(w[order]), share)
    return float(values[order][min(place, len(order) - 1)])


def _candidates(dim: int, most: int) -> Iterator[tuple[_Monomials, ...]]:
    """Polynomials with at most so many terms: linear, of each coordinate by itself, then of all."""
    alone = _Monomials(np.arange(dim), np.arange(dim))
    linear = _Monomials(np.zeros(dim, int), np.arange(dim))
    yield (linear,)
    if dim > 1 and 1 + 2 * dim <= most:
        yield (linear, alone)
    terms = [linear]
    for degree in range(2, _HIGHEST + 1):
        if comb(dim + degree, degree) > most:
            return
        # Each term of all is made once, by factors that do not descend.
        last = terms[-1].factors
        parents = np.repeat(np.arange(len(last)), dim - last)
        factors = np.concatenate([np.arange(first, dim) for first in last])
        terms.append(_Monomials(parents, factors))
        yield tuple(terms)


def _in_ball(z: Any, radius: float, xp: ModuleType) -> Any:
    """Points on their rays, at most on the unit ball, in units of the radius."""
    return z / xp.sqrt(xp.maximum(xp.sum(z**2, axis=-1, keepdims=True), radius**2))


def _powers(u: Any, terms: tuple[_Monomials, ...]) -> Iterator[Any]:
    """The terms of each degree at points of shape (..., d)."""
    power = u[..., :1] * 0.0 + 1.0
    yield power
    for part in terms:
        power = power[..., part.parents] * u[..., part.factors]
        yield power


def _design(u: Float[np.ndarray, "S d"], terms: tuple[_Monomials, ...]) -> Float[np.ndarray, "S T"]:
    return np.concatenate(list(_powers(u, terms)), axis=1)


def _least_squares(
    design: Float[np.ndarray, "S T"], w: Float[np.ndarray, " S"], r: Float[np.ndarray, " S"]
) -> Float[np.ndarray, " T"]:
    root = np.sqrt(w)
    weighted = design * root[:, None]
    size = np.linalg.norm(weighted, axis=0)
    size[size == 0.0] = 1.0
    return np.linalg.lstsq(weighted / size, r * root, rcond=None)[0] / size


def _held_out(
    u: Float[np.ndarray, "S d"],
    w: Float[np.ndarray, " S"],
    r: Float[np.ndarray, " S"],
    terms: tuple[_Monomials, ...],
) -> float:
    """The spread of what is left of r at each half of the points, fitted at the other half."""
    design, left = _design(u, terms), np.empty(len(r))
    first = np.random.default_rng(0).permutation(len(r)) < len(r) // 2
    for half in (first, ~first):
        left[~half] = r[~half] - design[~half] @ _least_squares(design[half], w[half], r[half])
    return _spread(left, w)


def _spread(values: Float[np.ndarray, " S"], w: Float[np.ndarray, " S"]) -> float:
    """The weighted standard deviation."""
    return float(np.sqrt(w @ (values - w @ values) ** 2))
