"""How a centroid moves: to the mean of its points, or, without any, to a far point."""

import numpy as np
from jaxtyping import Float64, Int64

__all__ = ["fill_empty", "mean"]


def mean(total: Float64[np.ndarray, " D"], count: int | np.integer) -> Float64[np.ndarray, " D"]:
    """Return the mean of ``count`` points from their sum.

    The sum is multiplied by the reciprocal of the count, as scikit-learn does, since a division
    may round to another last bit.

    Example:
        >>> mean(np.array([3.0, 6.0]), 2)
        array([1.5, 3. ])
    """
    return total * (1.0 / count)


def fill_empty(
    points: Float64[np.ndarray, "N D"],
    labels: Int64[np.ndarray, " N"],
    centroids: Float64[np.ndarray, "K D"],
    sums: Float64[np.ndarray, "K D"],
    counts: Int64[np.ndarray, " K"],
) -> None:
    """Give each cluster without points the point that lies farthest from its own centroid.

    That is scikit-learn's rule, except that a cluster's only point is never taken from it: this
    would only leave another one empty. With as many distinct points as clusters there always is a
    point to give.

    Args:
        points: shape (N, D).
        labels: the cluster of each point.
        centroids: those that the labels belong to.
        sums: the sum of each cluster's points; corrected in place.
        counts: how many points each cluster has; corrected in place.

    Example:
        >>> points = np.array([[0.0], [1.0], [9.0]])
        >>> sums, counts = np.array([[10.0], [0.0]]), np.array([3, 0])
        >>> fill_empty(points, np.array([0, 0, 0]), np.array([[0.0], [99.0]]), sums, counts)
        >>> sums.ravel(), counts
        (array([1., 9.]), array([2, 1]))
    """
    empty = np.flatnonzero(counts == 0)
    if not empty.size:
        return
    distances = ((points - centroids[labels]) ** 2).sum(axis=1)
    farthest = iter(np.argsort(-distances, kind="stable"))
    for cluster in empty:
        point = next(i for i in farthest if counts[labels[i]] > 1)
        sums[labels[point]] -= points[point]
        counts[labels[point]] -= 1
        sums[cluster] = points[point]
        counts[cluster] = 1
