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
    1989). A pair that is not there has ρ = 1/(sᵀy) = 0, and changes nothing.

    Args:
        places: how many climbs there are.
        dim: D.
        pairs: how many steps of each are kept.
    """

    def __init__(self, places: int, dim: int, pairs: int):
        self._s, self._y = np.zeros((pairs, places, dim)), np.zeros((pairs, places, dim))
        self._rho, self._scale = np.zeros((pairs, places)), np.ones(places)
        self._most = 0  # pairs that any climb has

    def known(self, rows: _Rows) -> np.ndarray:
        """Whether a step of each is kept."""
        return np.asarray(self._rho[:, rows].any(axis=0))

    def forget(self, rows: _Rows) -> None:
        """Begin anew, with the identity."""
        self._rho[:, rows], self._scale[rows] = 0.0, 1.0

    def learn(self, rows: _Rows, s: _Vectors, y: _Vectors) -> None:
        """Take in a step of each, with sᵀy > 0."""
        if not len(s):
            return
        for kept, new in ((self._s, s), (self._y, y)):
            kept[:-1, rows] = kept[1:, rows]
            kept[-1, rows] = new
        # Where gradients are astronomical these overflow, and the pair is as good as not there.
        rho, squares = 1.0 / np.vecdot(s, y), np.vecdot(y, y)
        self._rho[:-1, rows] = self._rho[1:, rows]
        self._rho[-1, rows] = rho
        there = (rho > 0.0) & (squares > 0.0)
        scale = np.ones(len(s))
        scale[there] = 1.0 / (rho[there] * squares[there])
        self._scale[rows] = scale
        self._most = min(self._most + 1, len(self._rho))

    def times(self, rows: _Rows, vectors: _Vectors) -> _Vectors:
        """Multiply by the inverse Hessians."""
        first = len(self._rho) - self._most
        s, y, rho = (kept[first:, rows] for kept in (self._s, self._y, self._rho))
        return _two_loops(s, y, rho, self._scale[rows, None], vectors)

    def keep(self, rows: Int[np.ndarray, " _"]) -> None:
        """Forget all other climbs, and have these in the places from the first one on."""
        count = len(rows)
        for pairs in (self._s, self._y, self._rho):
            for kept in pairs:  # one by one: of many coordinates a copy of all takes much memory
                kept[:count] = kept[rows]
        self._s, self._y = self._s[:, :count], self._y[:, :count]
        self._rho, self._scale = self._rho[:, :count], self._scale[rows]

    def of(self, row: int) -> "Curvature":
        """What the climb in one place has learned, apart from the others."""
        pairs, _, dim = self._s.shape
        own = Curvature(1, dim, pairs)
        own._s, own._y = self._s[:, [row]], self._y[:, [row]]
        own._rho, own._scale = self._rho[:, [row]], self._scale[[row]]
        return own

    def inverse(self, row: int) -> Float[np.ndarray, "D D"]:
        """The inverse Hessian of one climb."""
        there = np.flatnonzero(self._rho[:, row])
        s, y, rho = (kept[there, row, None] for kept in (self._s, self._y, self._rho))
        inverse = _two_loops(s, y, rho, self._scale[row], np.eye(s.shape[2]))
        return 0.5 * (inverse + inverse.T)


def _two_loops(s, y, rho, scale, vectors: _Vectors) -> _Vectors:
    """Apply the kept pairs, the first axis of s, y and ρ, to a vector of each climb or of one."""
    r, alphas = vectors.copy(), []
    for k in range(len(rho) - 1, -1, -1):
        alphas.append(rho[k] * np.vecdot(s[k], r))
        r -= alphas[-1][:, None] * y[k]
    r *= scale
    for k in range(len(rho)):
        r += (alphas.pop() - rho[k] * np.vecdot(y[k], r))[:, None] * s[k]
    return r
