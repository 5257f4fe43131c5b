"""Lloyd's algorithm with the two inner loops left to NumPy."""

import numpy as np
from jaxtyping import Float64

from fluvial.studies.kmeans.clusters import Clusters, check
from fluvial.studies.kmeans.moving import fill_empty, mean

__all__ = ["lloyd_vectorized"]


def lloyd_vectorized(
    points: Float64[np.ndarray, "N D"], start: Float64[np.ndarray, "K D"], iterations: int
) -> Clusters:
    """Cluster by two nested loops, over iterations and points; NumPy does the rest.

    The inner loop runs iterations x N times: n^2 if both grow like n. A point's nearest centroid
    is the one with the smallest ||c||^2 / 2 - x.c, which differs from half of the squared distance
    by a constant of the point.

    Args:
        points: shape (N, D).
        start: the centroids to start from, shape (K, D).
        iterations: how often each point is assigned to its nearest centroid. The centroids move
            between two assignments.

    Raises:
        InputError: if ``check`` does.

    Example:
        >>> points = np.array([[0.0], [1.0], [8.0], [9.0]])
        >>> labels, centroids, operations = lloyd_vectorized(points, points[:2], iterations=3)
        >>> labels, centroids.ravel(), operations
        (array([0, 0, 1, 1]), array([0.5, 8.5]), 12)
    """
    check(points, start, iterations)
    centroids = start
    labels = np.zeros(len(points), dtype=np.int64)
    operations = 0
    for iteration in range(iterations):
        if iteration > 0:
            centroids = _moved(points, labels, centroids)
        half_norms = 0.5 * (centroids**2).sum(axis=1)
        for i, point in enumerate(points):
            labels[i] = (half_norms - centroids @ point).argmin()
            operations += 1
    return Clusters(labels, centroids, operations)


def _moved(points, labels, centroids) -> Float64[np.ndarray, "K D"]:
    sums = np.zeros_like(centroids)
    np.add.at(sums, labels, points)
    counts = np.bincount(labels, minlength=len(centroids))
    fill_empty(points, labels, centroids, sums, counts)
    return np.stack(
        [mean(total, count) for total, count in zip(sums, counts.tolist(), strict=True)]
    )
