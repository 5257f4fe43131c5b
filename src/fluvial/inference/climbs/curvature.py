"""What climbs have learned of their inverse Hessians: the last few steps of each, as in L-BFGS."""

from typing import final

import numpy as np
from jaxtyping import Float, Int

__all__ = ["Curvature"]

_Rows = slice | Int[np.ndarray, " _"]
_Vectors = Float[np.ndarray, "R D"]


@final
class Curvature:
    """Inverse Hessians of many climbs; ``rows`` say which of them, as a slice or by their numbers.

    They follow from steps s and differences y of gradients (Liu & Nocedal 1989), both kept times
    √ρ, where ρ = 1/(sᵀy). In their two loops each number α or δ follows from those before it, so
    that it takes a triangular matrix to have all of them at once (Byrd, Nocedal & Schnabel 1994,
    Math. Programming 63, 129): of U, the part of S Yᵀ on and above its diagonal, the inverse is
    kept. A pair that is not there is 0, and changes nothing.

    Args:
        places: how many climbs there are.
        dim: D.
        pairs: how many steps of each are kept.
    """

    def __init__(self, places: int, dim: int, pairs: int):
        self._s, self._y = np.zeros((places, pairs, dim)), np.zeros((places, pairs, dim))
        self._triangle = np.tile(np.eye(pairs), (places, 1, 1))
        self._known, self._scale = np.zeros(places, bool), np.ones(places)

    def known(self, rows: _Rows) -> np.ndarray:
        """Whether a step of each is kept."""
        return self._known[rows]

    def forget(self, rows: _Rows) -> None:
        """Start again, from the identity."""
        self._s[rows], self._y[rows] = 0.0, 0.0
        self._triangle[rows] = np.eye(self._s.shape[1])
        self._known[rows], self._scale[rows] = False, 1.0

    def learn(self, rows: _Rows, s: _Vectors, y: _Vectors) -> None:
        """Take in a step of each, with sᵀy > 0."""
        if not len(s):
            return
        # Where gradients are astronomical these overflow, and the pair is as good as not there.
        rho, squares = 1.0 / np.vecdot(s, y), np.vecdot(y, y)
        root = np.sqrt(rho)[:, None]
        for kept, new in ((self._s, s), (self._y, y)):
            kept[rows, :-1] = kept[rows, 1:]
            kept[rows, -1] = root * new
        self._triangle[rows, :-1, :-1] = self._triangle[rows, 1:, 1:]
        column = np.matvec(self._s[rows, :-1], self._y[rows, -1])
        self._triangle[rows, :-1, -1] = -np.matvec(self._triangle[rows, :-1, :-1], column)
        there = (rho > 0.0) & (squares > 0.0)
        scale = np.ones(len(s))
        scale[there] = 1.0 / (rho[there] * squares[there])
        self._known[rows] |= rho > 0.0
        self._scale[rows] = scale

    def times(self, rows: _Rows, vectors: _Vectors) -> _Vectors:
        """Multiply by the inverse Hessians."""
        scale = self._scale[rows, None]
        return _times(self._s[rows], self._y[rows], self._triangle[rows], scale, vectors)

    def keep(self, rows: Int[np.ndarray, " _"]) -> None:
        """Forget all other climbs, and have these in the places from the first one on."""
        count = len(rows)
        for pairs in (self._s, self._y):
            for k in range(pairs.shape[1]):
                # one by one: of many coordinates a copy of all takes much memory
                pairs[:count, k] = pairs[rows, k]
        self._s, self._y = self._s[:count], self._y[:count]
        self._triangle = self._triangle[rows]
        self._known, self._scale = self._known[rows], self._scale[rows]

    def of(self, row: int) -> "Curvature":
        """What the climb in one place has learned, apart from the others."""
        _, pairs, dim = self._s.shape
        own = Curvature(1, dim, pairs)
        own._s, own._y, own._triangle = self._s[[row]], self._y[[row]], self._triangle[[row]]
        own._known, own._scale = self._known[[row]], self._scale[[row]]
        return own

    def inverse(self, row: int) -> Float[np.ndarray, "D D"]:
        """The inverse Hessian of one climb."""
        s, y, triangle = self._s[row], self._y[row], self._triangle[row]
        inverse = _times(s, y, triangle, self._scale[row], np.eye(s.shape[1]))
        return 0.5 * (inverse + inverse.T)


def _times(s, y, triangle, scale, vectors: _Vectors) -> _Vectors:
    """Apply the kept pairs to a vector of each climb, or those of one climb to many."""
    alphas = np.matvec(triangle, np.matvec(s, vectors))
    r = vectors - np.vecmat(alphas, y)
    r *= scale
    r += np.vecmat(np.vecmat(alphas - np.matvec(y, r), triangle), s)
    return r
