"""Lloyd's algorithm by scikit-learn: the one to use in practice."""

import warnings
from typing import Any

import numpy as np
from jaxtyping import Float64

from fluvial.errors import InputError
from fluvial.studies.kmeans.clusters import Clusters, check

__all__ = ["lloyd_library"]


def lloyd_library(
    points: Float64[np.ndarray, "N D"], start: Float64[np.ndarray, "K D"], iterations: int
) -> Clusters:
    """Cluster by scikit-learn's KMeans, from the same start and for as many iterations.

    Args:
        points: shape (N, D).
        start: the centroids to start from, shape (K, D).
        iterations: how often each point is assigned to its nearest centroid, at least 2.
            scikit-learn stops as soon as no label changes, after which nothing would.

    Raises:
        InputError: if ``check`` does, or for one iteration.

    Example:
        >>> points = np.array([[0.0], [1.0], [8.0], [9.0]])
        >>> labels, centroids, operations = lloyd_library(points, points[:2], iterations=3)
        >>> labels, centroids.ravel(), operations
        (array([0, 0, 1, 1]), array([0.5, 8.5]), 0)
    """
    from sklearn.cluster import KMeans
    from sklearn.exceptions import ConvergenceWarning

    check(points, start, iterations)
    if iterations < 2:
        raise InputError("scikit-learn moves the centroids at least once: ask for 2 iterations.")
    # One more assignment follows the last move of the centroids.
    means: Any = KMeans(
        len(start),
        init=start,  # pyright: ignore[reportArgumentType]
        n_init=1,  # pyright: ignore[reportArgumentType]
        max_iter=iterations - 1,
        tol=0.0,
    )
    with warnings.catch_warnings():
        # Said where the last assignment leaves a cluster empty, which the other two allow as well.
        warnings.simplefilter("ignore", ConvergenceWarning)
        means.fit(points)
    return Clusters(means.labels_.astype(np.int64), means.cluster_centers_, 0)
