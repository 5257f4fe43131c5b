"""Whether two points are on the same hill, and where the top of a hill is, without a gradient."""

from collections.abc import Callable

import numpy as np
from jaxtyping import Bool, Float

from fluvial.inference.settings import DEFAULT, HillSettings
from fluvial.posterior.gaussian import Gaussian

__all__ = ["climb_hills", "same_hill"]

# Arithmetic: where a valley is looked for, as parts of the way.
_BETWEEN = np.concatenate([2.0 ** -np.arange(7, 3, -1), np.arange(1, 8) / 8.0])
_JITTER = 1e-9  # arithmetic: of a variance, so that a ridge stays a Gaussian

Values = Callable[[Float[np.ndarray, "N D"]], Float[np.ndarray, " N"]]


def same_hill(
    values: Values,
    a: Float[np.ndarray, "N D"],
    height_a: Float[np.ndarray, " N"],
    b: Float[np.ndarray, "N D"],
    height_b: Float[np.ndarray, " N"],
) -> Bool[np.ndarray, " N"]:
    """Tell whether no valley lies between each a and its b (Ursem 1999, CEC).

    Most of the points looked at are near a, as the valley around a spike on a slope is narrow.

    Args:
        values: log densities of points.
        a: points.
        height_a: the log density at each.
        b: one other point for each.
        height_b: the log density there.
    """
    between = a[:, None] + _BETWEEN[:, None] * (b - a)[:, None]
    heights = values(between.reshape(-1, a.shape[1]))
    if len(heights) < len(a) * len(_BETWEEN):  # the budget is spent, and nothing comes of it
        return np.ones(len(a), bool)
    lowest = np.where(np.isfinite(heights), heights, -np.inf).reshape(len(a), -1).min(axis=1)
    return lowest >= np.minimum(height_a, height_b) - 1e-6 * np.abs(height_a)


def climb_hills(
    values: Values,
    x: Float[np.ndarray, "N D"],
    heights: Float[np.ndarray, " N"],
    scales: Float[np.ndarray, " N"],
    rng: np.random.Generator,
    settings: HillSettings = DEFAULT.hill,
) -> tuple[list[Gaussian], Float[np.ndarray, " N"]]:
    """Climb from each point by evolution of a Gaussian, all side by side.

    A generation is drawn from it, and its covariance becomes that of the best quarter about where
    the Gaussian was, so that it grows along a slope and shrinks at a top (the rank-μ update of
    Hansen & Ostermeier 2001, Evolutionary Computation 9).

    Args:
        values: log densities of points.
        x: where to start.
        heights: the log density at each.
        scales: the first standard deviation of each.
        rng: decides every draw.
        settings: the thresholds.

    Returns:
        A Gaussian at the best point of each climb, of the last generation's covariance, and the
        log densities there.
    """
    count, dim = x.shape
    size = settings.generation_per_dim * dim + settings.generation
    best, top, mean = x.copy(), heights.copy(), x.copy()
    covariances = scales[:, None, None] ** 2 * np.eye(dim)
    climbing = np.ones(count, bool)
    stalled = np.zeros(count, int)
    for _ in range(settings.generations):
        rows = np.flatnonzero(climbing)
        if not len(rows):
            break
        factors = np.linalg.cholesky(covariances[rows])
        noise = rng.standard_normal((len(rows), size, dim))
        drawn = mean[rows, None] + np.einsum("kij,knj->kni", factors, noise)
        found = values(drawn.reshape(-1, dim))
        if len(found) < drawn.shape[0] * size:  # the budget is spent
            break
        found = np.where(np.isfinite(found), found, -np.inf).reshape(len(rows), size)
        for row, points, height in zip(rows, drawn, found, strict=True):
            order = np.argsort(-height, kind="stable")[: size // 4]
            moved = points[order] - mean[row]
            covariance = 0.5 * covariances[row] + 0.5 * moved.T @ moved / len(order)
            covariances[row] = covariance + _JITTER * np.trace(covariance) * np.eye(dim)
            mean[row] = points[order].mean(axis=0)
            gained = height[order[0]] - top[row]
            stalled[row] = 0 if gained > settings.gain else stalled[row] + 1
            if gained > 0.0:
                best[row], top[row] = points[order[0]], height[order[0]]
            elif top[row] == heights[row]:  # none was on the foot of the spike that it began on
                mean[row], covariances[row] = best[row], settings.nearer**2 * covariances[row]
                stalled[row] = min(stalled[row], settings.patience - 1)
        climbing &= stalled < settings.patience
    return [Gaussian(b, np.linalg.cholesky(c)) for b, c in zip(best, covariances, strict=True)], top
