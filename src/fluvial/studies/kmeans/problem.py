"""What is clustered: clouds of points whose sums are exact, in sizes that all grow together."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float64

__all__ = ["Problem", "blobs", "problem"]

_GRID = 2.0**-20
_DISTANCE = 4.0  # of the centers from 0, in units of the clouds' standard deviation, a coordinate


class Problem(NamedTuple):
    """Points to be clustered, the centroids to start from, and for how many iterations."""

    points: Float64[np.ndarray, "N D"]
    start: Float64[np.ndarray, "K D"]
    iterations: int


def problem(n: int, seed: int) -> Problem:
    """Return a problem whose four sizes grow like n: N = 8n, K = D = n, and n/8 iterations.

    The product of the four is n^4. N must grow faster than K by a factor, so that there is
    something to cluster, and the number of iterations pays for it.

    Args:
        n: a multiple of 8, at least 16.
        seed: decides the points and the start.

    Example:
        >>> points, start, iterations = problem(16, seed=0)
        >>> points.shape, start.shape, iterations
        ((128, 16), (16, 16), 2)
    """
    points = blobs(8 * n, n, n, seed)
    rng = np.random.default_rng([seed, n])
    return Problem(points, points[rng.choice(len(points), n, replace=False)], n // 8)


def blobs(count: int, clusters: int, dim: int, seed: int) -> Float64[np.ndarray, "count dim"]:
    r"""Draw points from ``clusters`` spherical Gaussians with random centers.

    They are moved to a grid of 2^-20 on which the sum of all of them is exactly zero. Then sums
    over clusters are exact in whatever order they are taken, and so the implementations can be
    compared bit by bit (scikit-learn subtracts the mean of all points first: here, zero).

    Args:
        count: of points.
        clusters: of Gaussians.
        dim: of the space.
        seed: decides everything random.

    Example:
        >>> points = blobs(100, 3, 2, seed=0)
        >>> points.shape, points.sum(axis=0)
        ((100, 2), array([0., 0.]))
    """
    rng = np.random.default_rng(seed)
    centers = _DISTANCE * rng.standard_normal((clusters, dim))
    points = centers[rng.integers(clusters, size=count)] + rng.standard_normal((count, dim))
    units = np.round(points / _GRID).astype(np.int64)
    units -= units.sum(axis=0) // count
    # What is left of the sum, less than `count`, is taken from as many points, a unit each.
    units -= np.arange(count)[:, None] < units.sum(axis=0)
    return units * _GRID
