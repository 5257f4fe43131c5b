r"""The best points ever evaluated, so that none of them can contradict a verdict.

Every stage sees points that the next one forgets: the end of a climb from which matching strayed,
the best of a batch that led nowhere. A bounded number of them is kept. Which ones is decided as
cluster centers are, by density peaks (Rodriguez & Laio 2014, Science 344, 1492): a point
matters if its density is high and the nearest point of higher density is far away. The many draws
from one mode have a higher neighbor nearby; the only point that a climb left in another mode does
not, and is not crowded out. Half of the points are kept for their distance alone, and half for
both. Of density and distance only the ranks are used, which do not depend on the scale of either.
"""

import math
from typing import final

import numpy as np
from jaxtyping import Float

from fluvial.all_finite import all_finite
from fluvial.inference.settings import DEFAULT, Settings

__all__ = ["Evaluated", "density_peaks"]

_FEW = 512  # speed: so many are sorted sooner than parted
_ROWS = 32  # memory: of a table of distances, at a time, which fit a cache
_NOT_HIGHER = np.triu(np.full((_ROWS, _ROWS), np.inf))


@final
class Evaluated:
    """Points with the highest densities, apart from each other, out of all that are added.

    Args:
        dim: D, the number of coordinates of a point.
        settings: the thresholds.

    Example:
        >>> import numpy as np
        >>> kept = Evaluated(1)
        >>> kept.add(np.array([[0.0], [1.0]]), np.array([-1.0, np.nan]))
        >>> kept.points.tolist(), kept.log_p.tolist()
        ([[0.0]], [-1.0])
    """

    def __init__(self, dim: int, settings: Settings = DEFAULT):
        most = settings.start.kept_numbers // dim
        self.capacity = int(np.clip(most, *settings.start.kept))
        self._points = np.empty((2 * self.capacity, dim))
        self._log_p = np.empty(2 * self.capacity)
        self._size = 0

    @property
    def points(self) -> Float[np.ndarray, "N D"]:
        """The points kept, at most twice ``capacity`` of them."""
        return self._points[: self._size].copy()

    @property
    def log_p(self) -> Float[np.ndarray, " N"]:
        """The log density at each of ``points``, in nats."""
        return self._log_p[: self._size].copy()

    def peaks(self, count: int) -> Float[np.ndarray, "N D"]:
        """So many of the points, of high density and apart from each other."""
        return self.points[density_peaks(self.points, self.log_p, count)]

    def add(self, points: Float[np.ndarray, "N D"], log_p: Float[np.ndarray, " N"]) -> None:
        """Consider a batch of points, of which the √N highest are looked at.

        Args:
            points: shape (N, D).
            log_p: the log density at each, in nats; what is not finite is left out.
        """
        highest = _highest(log_p, math.isqrt(max(len(log_p) - 1, 0)) + 1)
        if self._size + len(highest) > len(self._log_p):
            self._thin()
        end = self._size + len(highest)
        if end > len(self._log_p):
            highest = highest[: len(self._log_p) - self._size]
            end = len(self._log_p)
        self._points[self._size : end] = points[highest]
        self._log_p[self._size : end] = log_p[highest]
        self._size = end

    def _thin(self) -> None:
        kept = density_peaks(self.points, self.log_p, self.capacity)
        self._points[: len(kept)] = self._points[kept]
        self._log_p[: len(kept)] = self._log_p[kept]
        self._size = len(kept)


def _highest(log_p: Float[np.ndarray, " N"], count: int) -> np.ndarray:
    if len(log_p) <= _FEW and all_finite(log_p):
        return (-log_p).argsort()[:count]
    chosen = np.flatnonzero(np.isfinite(log_p))
    if len(chosen) > count:
        chosen = chosen[np.argpartition(-log_p[chosen], count - 1)[:count]]
    return chosen[np.argsort(-log_p[chosen])]


def density_peaks(
    points: Float[np.ndarray, "N D"], log_p: Float[np.ndarray, " N"], count: int
) -> np.ndarray:
    """Choose points of high density that are far from any of higher density.

    Args:
        points: shape (N, D).
        log_p: the log density at each, finite.
        count: how many to choose.

    Returns:
        The rows chosen, in turn the one farthest from any higher point and the best by both: that
        is, by the worse of its two ranks.
    """
    order = np.argsort(-log_p, kind="stable")
    isolated = order[np.argsort(-_distance_to_higher(points[order]), kind="stable")]
    both = np.argsort(np.maximum(_ranks(order), _ranks(isolated)), kind="stable")
    in_turn = np.stack([isolated, both], axis=1).ravel()
    _, first = np.unique(in_turn, return_index=True)
    return in_turn[np.sort(first)][:count]


def _ranks(order: np.ndarray) -> np.ndarray:
    ranks = np.empty(len(order), int)
    ranks[order] = np.arange(len(order))
    return ranks


@np.errstate(over="ignore", invalid="ignore")
def _distance_to_higher(ranked: Float[np.ndarray, "N D"]) -> Float[np.ndarray, " N"]:
    """Squared distance of each point to the nearest one before it, in units of their spread."""
    if not len(ranked):
        return np.empty(0)
    low, middle, high = np.percentile(ranked, [16.0, 50.0, 84.0], axis=0)
    z = (ranked - middle) / np.where(high > low, high - low, 1.0)
    norms, ones = np.sum(z**2, axis=1), np.ones(len(z))
    # |z - z'|^2 as one product of matrices: what is added to one costs more than it does
    left, right = np.column_stack([z, norms, ones]), np.column_stack([-2.0 * z, ones, norms])
    nearest, space = np.full(len(z), np.inf), np.empty(_ROWS * len(z))
    for end in range(_ROWS, len(z) + _ROWS, _ROWS):
        rows = slice(end - _ROWS, min(end, len(z)))
        count = rows.stop - rows.start
        squares = space[: count * rows.stop].reshape(count, rows.stop)
        np.matmul(left[rows], right[: rows.stop].T, out=squares)
        squares[:, rows] += _NOT_HIGHER[: len(squares), : len(squares)]
        nearest[rows] = squares.min(axis=1)
    return np.nan_to_num(nearest, nan=0.0, posinf=np.inf)
