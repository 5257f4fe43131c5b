"""Lloyd's algorithm in nested Python loops, as it is written first."""

import math

import numpy as np
from jaxtyping import Float64

from fluvial.studies.kmeans.clusters import Clusters, check
from fluvial.studies.kmeans.moving import fill_empty, mean

__all__ = ["lloyd_loops"]

Rows = list[list[float]]


def lloyd_loops(
    points: Float64[np.ndarray, "N D"], start: Float64[np.ndarray, "K D"], iterations: int
) -> Clusters:
    """Cluster by four nested loops: over iterations, points, clusters and coordinates.

    The innermost loop runs iterations x N x K x D times: n^4 if all four grow like n. Plain floats
    in lists are used, since indexing a NumPy array number by number takes several times as long.

    Lloyd, "Least squares quantization in PCM", IEEE Trans. Inf. Theory 28 (1982).

    Args:
        points: shape (N, D).
        start: the centroids to start from, shape (K, D).
        iterations: how often each point is assigned to its nearest centroid. The centroids move
            between two assignments.

    Raises:
        InputError: if ``check`` does.

    Example:
        >>> points = np.array([[0.0], [1.0], [8.0], [9.0]])
        >>> labels, centroids, operations = lloyd_loops(points, points[:2], iterations=3)
        >>> labels, centroids.ravel(), operations
        (array([0, 0, 1, 1]), array([0.5, 8.5]), 24)
    """
    check(points, start, iterations)
    rows, centroids = points.tolist(), start.tolist()
    labels = [0] * len(rows)
    operations = 0
    for iteration in range(iterations):
        if iteration > 0:
            centroids = _moved(points, labels, centroids)
        for i, point in enumerate(rows):
            nearest = math.inf
            for cluster, centroid in enumerate(centroids):
                distance = 0.0
                for x, c in zip(point, centroid, strict=True):
                    difference = x - c
                    distance += difference * difference
                operations += len(point)
                if distance < nearest:
                    nearest = distance
                    labels[i] = cluster
    return Clusters(np.array(labels), np.array(centroids), operations)


def _moved(points: Float64[np.ndarray, "N D"], labels: list[int], centroids: Rows) -> Rows:
    """Three nested loops, of which the outermost is the caller's: never the dearest part."""
    sums = [[0.0] * points.shape[1] for _ in centroids]
    counts = [0] * len(centroids)
    for point, label in zip(points.tolist(), labels, strict=True):
        counts[label] += 1
        total = sums[label]
        for d, x in enumerate(point):
            total[d] += x
    totals, numbers = np.array(sums), np.array(counts)
    fill_empty(points, np.array(labels), np.array(centroids), totals, numbers)
    return [mean(total, number).tolist() for total, number in zip(totals, numbers, strict=True)]
