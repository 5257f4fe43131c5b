"""Points far outside of what is known, and chains that cool on their way in from there."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from fluvial.all_finite import all_finite
from fluvial.inference.counted_target import CountedTarget
from fluvial.inference.settings import SearchSettings
from fluvial.posterior.diagonal_gaussian import DiagonalGaussian
from fluvial.posterior.gaussian import Gaussian

__all__ = ["annealed_chains", "far_points", "shell_points"]


def far_points(
    overall: Gaussian | DiagonalGaussian,
    count: int,
    spreads: tuple[float, ...],
    rng: np.random.Generator,
) -> np.ndarray:
    """Draw points from a Gaussian made wider, at each of some spreads in turn."""
    z = rng.standard_normal((count, overall.dim))
    return overall.color(z * np.resize(spreads, count)[:, None])


def shell_points(
    overall: Gaussian | DiagonalGaussian,
    counts: Sequence[int],
    spreads: Sequence[float],
    rng: np.random.Generator,
) -> np.ndarray:
    """Draw points evenly from ellipsoids, each as far out as a Gaussian of some spread is."""
    z = rng.standard_normal((sum(counts), overall.dim))
    radii = np.repeat(spreads, counts) * np.sqrt(overall.dim)
    return overall.color(z * (radii / np.linalg.norm(z, axis=1))[:, None])


@np.errstate(over="ignore", invalid="ignore")
def annealed_chains(
    counted: CountedTarget,
    overall: Gaussian | DiagonalGaussian,
    rng: np.random.Generator,
    search: SearchSettings,
) -> Float[np.ndarray, "chains D"]:
    """Hamiltonian chains at rising inverse temperatures, from far outside."""
    x = far_points(overall, search.chains, search.spreads, rng)
    if not search.chains:
        return x
    value, score = counted.value_and_grad(x)
    for beta in np.geomspace(search.hottest, 1.0, search.temperatures):
        step = 0.5 * overall.dim**-0.25 / np.sqrt(beta) * rng.uniform(0.6, 1.2)
        p = rng.standard_normal(x.shape)
        y, y_value, y_score, momentum = x, value, score, p
        kick = 0.5 * step * beta
        momentum = momentum + kick * overall.pull(_finite(y_score))
        for left in reversed(range(search.leapfrogs)):
            y = y + step * (overall.color(momentum) - overall.mean)
            y_value, y_score = counted.value_and_grad(y)
            momentum = momentum + (2.0 * kick if left else kick) * overall.pull(_finite(y_score))
        log_ratio = beta * (y_value - value) + 0.5 * np.sum(p**2 - momentum**2, axis=1)
        take = np.isfinite(y_value) & ~(np.log(rng.uniform(size=len(x))) > log_ratio)
        x = np.where(take[:, None], y, x)
        value, score = np.where(take, y_value, value), np.where(take[:, None], y_score, score)
    return x


def _finite(scores: np.ndarray) -> np.ndarray:
    if not all_finite(scores):
        scores = np.where(np.isfinite(scores), scores, 0.0)
    return np.minimum(np.maximum(scores, -1e6), 1e6)
