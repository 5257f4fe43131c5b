"""What Lloyd's algorithm is given and gives back, and what it must not be given."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float64, Int64

from fluvial.errors import InputError

__all__ = ["Clusters", "check"]


class Clusters(NamedTuple):
    """What Lloyd's algorithm found.

    Attributes:
        labels: the nearest centroid of each point; of several equally near ones, the first.
        centroids: those that the labels belong to.
        operations: how often the innermost interpreted loop ran; 0 where nothing is interpreted.
    """

    labels: Int64[np.ndarray, " N"]
    centroids: Float64[np.ndarray, "K D"]
    operations: int


def check(points: np.ndarray, start: np.ndarray, iterations: int) -> None:
    """Check what an implementation of Lloyd's algorithm is given.

    Args:
        points: shape (N, D).
        start: the centroids to start from, shape (K, D).
        iterations: how often each point is assigned to its nearest centroid.

    Raises:
        InputError: if the shapes do not fit, anything is not finite, or there are fewer distinct
            points than centroids, so that some cluster had to stay empty.

    Example:
        >>> check(np.array([[0.0], [0.0], [1.0]]), np.array([[0.0], [1.0]]), iterations=3)
        >>> check(np.array([[0.0], [0.0], [1.0]]), np.array([[0.0], [1.0], [2.0]]), iterations=3)
        Traceback (most recent call last):
        ...
        fluvial.errors.InputError: 3 clusters need as many distinct points, and there are 2: ask \
for at most 2.
    """
    if points.ndim != 2 or start.ndim != 2 or points.shape[1:] != start.shape[1:]:
        raise InputError(
            f"points of shape {points.shape} and centroids of shape {start.shape} do not go "
            "together: give (N, D) and (K, D)."
        )
    if iterations < 1:
        raise InputError(f"{iterations} iterations cluster nothing: give at least 1.")
    _check_finite("point", points)
    _check_finite("centroid", start)
    distinct = len(np.unique(points, axis=0))
    if not 1 <= len(start) <= distinct:
        raise InputError(
            f"{len(start)} clusters need as many distinct points, and there are {distinct}: ask "
            f"for at most {distinct}."
            if len(start)
            else "0 clusters hold no point: ask for at least 1."
        )


def _check_finite(what: str, rows: np.ndarray) -> None:
    bad = np.flatnonzero(~np.isfinite(rows).all(axis=1))
    if bad.size:
        raise InputError(
            f"{bad.size} of {len(rows)} {what}s are not finite, the first in row {bad[0]}: leave "
            "them out, or fill them in."
        )
