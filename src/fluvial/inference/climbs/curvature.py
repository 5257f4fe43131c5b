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

    They follow from steps s and differences y of gradients, by two loops over these (Liu & Nocedal
    1989). Both are kept times √ρ, where ρ = 1/(sᵀy), so that the loops need it no more. A pair that
    is not there is 0, and changes nothing.

    Args:
        places: how many climbs there are.
        dim: D.
        pairs: how many steps of each are kept.
    """

    def __init__(self, places: int, dim: int, pairs: int):
        self._s, self._y = np.zeros((pairs, places, dim)), np.zeros((pairs, places, dim))
        self._known, self._scale = np.zeros(places, bool), np.ones(places)
        self._most = 0  # pairs that any climb has

    def known(self, rows: _Rows) -> np.ndarray:
        """Whether a step of each is kept."""
        return self._known[rows]

    def forget(self, rows: _Rows) -> None:
        """Begin anew, with the identity."""
        self._s[:, rows], self._y[:, rows] = 0.0, 0.0
        self._known[rows], self._scale[rows] = False, 1.0

    def learn(self, rows: _Rows, s: _Vectors, y: _Vectors) -> None:
        """Take in a step of each, with sᵀy > 0."""
        if not len(s):
            return
        # Where gradients are astronomical these overflow, and the pair is as good as not there.
        rho, squares = 1.0 / np.vecdot(s, y), np.vecdot(y, y)
        root = np.sqrt(rho)[:, None]
        for kept, new in ((self._s, s), (self._y, y)):
            kept[:-1, rows] = kept[1:, rows]
            kept[-1, rows] = root * new
        there = (rho > 0.0) & (squares > 0.0)
        scale = np.ones(len(s))
        scale[there] = 1.0 / (rho[there] * squares[there])
        self._known[rows] |= rho > 0.0
        self._scale[rows] = scale
        self._most = min(self._most + 1, len(self._s))

    def times(self, rows: _Rows, vectors: _Vectors) -> _Vectors:
        """Multiply by the inverse Hessians."""
        first = len(self._s) - self._most
        return _two_loops(
            self._s[first:, rows], self._y[first:, rows], self._scale[rows, None], vectors
        )

    def keep(self, rows: Int[np.ndarray, " _"]) -> None:
        """Forget all other climbs, and have these in the places from the first one on."""
        count = len(rows)
        for pairs in (self._s, self._y):
            for kept in pairs:  # one by one: of many coordinates a copy of all takes much memory
                kept[:count] = kept[rows]
        self._s, self._y = self._s[:, :count], self._y[:, :count]
        self._known, self._scale = self._known[rows], self._scale[rows]

    def of(self, row: int) -> "Curvature":
        """What the climb in one place has learned, apart from the others."""
        pairs, _, dim = self._s.shape
        own = Curvature(1, dim, pairs)
        own._s, own._y = self._s[:, [row]], self._y[:, [row]]
        own._known, own._scale = self._known[[row]], self._scale[[row]]
        return own

    def inverse(self, row: int) -> Float[np.ndarray, "D D"]:
        """The inverse Hessian of one climb."""
        s, y = self._s[:, row, None], self._y[:, row, None]
        inverse = _two_loops(s, y, self._scale[row], np.eye(s.shape[2]))
        return 0.5 * (inverse + inverse.T)


def _two_loops(s, y, scale, vectors: _Vectors) -> _Vectors:
    """Apply the kept pairs, the first axis of s and y, to a vector of each climb or of one."""
    r, alphas = vectors.copy(), []
    for one, other in zip(s[::-1], y[::-1], strict=True):
        alphas.append(np.vecdot(one, r, keepdims=True))
        r -= alphas[-1] * other
    r *= scale
    for one, other in zip(s, y, strict=True):
        r += (alphas.pop() - np.vecdot(other, r, keepdims=True)) * one
    return r
