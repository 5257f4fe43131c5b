"""Targets that a fit may get wrong without noticing, with regions whose true shares are known.

Each case cuts the space into regions: the modes of a mixture, the sectors of a ring, the tails of a
heavy-tailed marginal. A fit is right if every region holds its share of the draws.
"""

import math
from collections.abc import Callable, Mapping
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, Int

import fluvial
from benchmarks.metrics import shares
from fluvial.targets.examples.registry import example
from fluvial.targets.examples.synthetic import mixture

__all__ = ["SHAPES", "Shape"]

Draws = Mapping[str, np.ndarray]
Sample = Callable[[int, int], np.ndarray]
Scalar = Callable[[Draws], np.ndarray]

_TRUTH_DRAWS = 200_000

_MOON_CENTERS = np.array([[0.0, 0.0], [1.0, 0.5]])
_MOON_WEIGHTS = (0.7, 0.3)
_MOON_CONCENTRATION, _MOON_WIDTH = 4.0, 0.1


class Shape(NamedTuple):
    """A target and the true share of each region; no shares where the density is improper."""

    target: fluvial.Target
    regions: Callable[[Draws], Int[np.ndarray, " N"]]
    truth: Float[np.ndarray, " R"]
    bound: float = 0.1
    """Largest relative error of a share at which draws still count as right."""

    def found(self, draws: Draws) -> Float[np.ndarray, " R"]:
        """Share of draws in each region."""
        return shares(self.regions(draws), len(self.truth))


def _modes(dim: int, weights: tuple, scales: tuple, distance: float) -> Shape:
    """Gaussians on a circle; a draw belongs to the nearest mean, measured in its scale."""
    made = mixture(dim, weights, scales, distance)
    angles = 2 * math.pi * np.arange(len(weights)) / len(weights)
    means = np.zeros((len(weights), dim))
    means[:, :2] = distance * np.stack([np.cos(angles), np.sin(angles)], axis=1)

    def nearest(draws: Draws) -> np.ndarray:
        away = np.linalg.norm(draws["x"][:, None] - means, axis=2) / np.asarray(scales)
        return np.argmin(away, axis=1)

    return _counted(made.target, made.sample, nearest, len(weights))


def _sectors(name: str, regions: int) -> Shape:
    """Equal angles about the origin, the first one centered on the positive axis."""

    def sector(draws: Draws) -> np.ndarray:
        turn = np.arctan2(draws["x"][:, 1], draws["x"][:, 0]) / (2 * math.pi)
        return np.floor((turn * regions + 0.5) % regions).astype(int)

    made = example(name)
    return _counted(made.target, made.sample, sector, regions)


def _bulk_and_tails(name: str, scalar: Scalar) -> Shape:
    """Lowest tenth, lower half, upper half, highest tenth of one scalar of an example."""
    made = example(name)
    exact = scalar(made.target.constrain(made.sample(0, _TRUTH_DRAWS)))
    cuts = np.quantile(exact, [0.1, 0.5, 0.9])
    return Shape(
        made.target,
        lambda draws: np.searchsorted(cuts, scalar(draws)),
        np.array([0.1, 0.4, 0.4, 0.1]),
        bound=0.15,  # 4,000 effective draws know a tenth to 5 % of itself
    )


def _moons() -> Shape:
    """Two crescents that embrace, one open below and one above, of weights 0.7 and 0.3."""

    def log_density(x):
        def crescent(center, sign):
            offset = x - jnp.asarray(center, x.dtype)
            r = jnp.sqrt(jnp.sum(offset**2) + 1e-12)  # smooth at the center, where there is no mass
            angular = _MOON_CONCENTRATION * sign * offset[1] / r
            return angular - 0.5 * ((r - 1.0) / _MOON_WIDTH) ** 2

        upper, lower = crescent(_MOON_CENTERS[0], 1.0), crescent(_MOON_CENTERS[1], -1.0)
        return jnp.logaddexp(math.log(_MOON_WEIGHTS[0]) + upper, math.log(_MOON_WEIGHTS[1]) + lower)

    def nearest(draws: Draws) -> np.ndarray:
        away = np.linalg.norm(draws["x"][:, None] - _MOON_CENTERS, axis=2)
        return np.argmin(np.abs(away - 1.0), axis=1)

    return _counted(fluvial.Target(log_density, 2), _moon_draws, nearest, 2)


def _moon_draws(seed: int, n: int) -> np.ndarray:
    """Angles are von Mises; radii have density r N(r; 1, width), drawn by resampling."""
    rng = np.random.default_rng(seed)
    moon = rng.choice(2, size=n, p=_MOON_WEIGHTS)
    angle = rng.vonmises(0.5 * math.pi, _MOON_CONCENTRATION, size=n)
    normal = np.maximum(1.0 + _MOON_WIDTH * rng.normal(size=4 * n), 0.0)
    r = rng.choice(normal, size=n, p=normal / normal.sum())
    sign = np.where(moon == 0, 1.0, -1.0)
    return _MOON_CENTERS[moon] + (r * np.stack([np.cos(angle), sign * np.sin(angle)])).T


def _improper(log_density: Callable) -> Shape:
    """No integral, hence no right draws: any trust in them is misplaced."""
    target = fluvial.Target(log_density, 2)
    return Shape(target, lambda draws: np.zeros(len(draws["x"]), int), np.empty(0))


def _counted(target: fluvial.Target, sample: Sample, regions: Callable, count: int) -> Shape:
    exact = regions(target.constrain(sample(0, _TRUTH_DRAWS)))
    return Shape(target, regions, shares(exact, count))


SHAPES: dict[str, Callable[[], Shape]] = {
    "three gaussians, D = 2": lambda: _modes(2, (0.6, 0.3, 0.1), (1.0, 1.0, 1.0), 8.0),
    "four scales, D = 2": lambda: _modes(2, (0.4, 0.3, 0.2, 0.1), (1.0, 0.2, 2.0, 0.5), 10.0),
    "touching, D = 2": lambda: _modes(2, (0.6, 0.3, 0.1), (1.0, 0.5, 0.75), 2.5),
    "three gaussians, D = 8": lambda: _modes(8, (0.6, 0.3, 0.1), (1.0, 1.0, 1.0), 8.0),
    "four scales, D = 8": lambda: _modes(8, (0.4, 0.3, 0.2, 0.1), (1.0, 0.3, 1.5, 0.5), 10.0),
    "U1": lambda: _sectors("U1", 2),
    "ring": lambda: _sectors("ring", 8),
    "two moons": _moons,
    "student t, 2.5 dof": lambda: _bulk_and_tails(
        "student_t", lambda draws: np.abs(draws["x"]).max(axis=1)
    ),
    "funnel, D = 10": lambda: _bulk_and_tails("funnel", lambda draws: draws["v"]),
    "banana": lambda: _bulk_and_tails("banana", lambda draws: draws["x"][:, 1]),
    "centered schools": lambda: _bulk_and_tails(
        "eight_schools_centered", lambda draws: draws["tau"]
    ),
    "improper: a flat side": lambda: _improper(lambda x: -0.5 * x[0] ** 2),
    "improper: tail 1 / x": lambda: _improper(
        lambda x: -0.5 * x[0] ** 2 - 0.5 * jnp.log1p(x[1] ** 2)
    ),
}
"""By name; built when asked for, since the truth costs a second each."""
