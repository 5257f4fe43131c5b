"""What climbs have learned of their inverse Hessians: the last few steps of each, as in L-BFGS."""

from typing import final

import numpy as np
from jaxtyping import Float, Int

__all__ = ["Curvature"]

_Rows = Int[np.ndarray, " R"]
_Vectors = Float[np.ndarray, "R D"]


@final
class Curvature:
    """Inverse Hessians of many climbs; ``rows`` say which of them.

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

    def known(self, rows: _Rows) -> np.ndarray:
        """Whether a step of each is kept."""
        return np.asarray(self._rho[:, rows].any(axis=0))

    def forget(self, rows: _Rows) -> None:
        """Begin anew, with the identity."""
        self._rho[:, rows], self._scale[rows] = 0.0, 1.0

    def learn(self, rows: _Rows, s: _Vectors, y: _Vectors) -> None:
        """Take in a step of each, with sᵀy > 0."""
        if not len(rows):
            return
        for kept, new in ((self._s, s), (self._y, y)):
            kept[:-1, rows] = kept[1:, rows]
            kept[-1, rows] = new
        # Where gradients are astronomical these overflow, and the pair is as good as not there.
        rho, squares = 1.0 / np.einsum("nd,nd->n", s, y), np.einsum("nd,nd->n", y, y)
        self._rho[:-1, rows] = self._rho[1:, rows]
        self._rho[-1, rows] = rho
        there = (rho > 0.0) & (squares > 0.0)
        self._scale[rows] = 1.0
        self._scale[rows[there]] = 1.0 / (rho[there] * squares[there])

    def times(self, rows: _Rows, vectors: _Vectors) -> _Vectors:
        """Multiply by the inverse Hessians."""
        first = int(np.argmin(~self._rho[:, rows].any(axis=1)))
        s, y, rho = (kept[first:, rows] for kept in (self._s, self._y, self._rho))
        r, alphas = vectors.copy(), np.zeros(rho.shape)
        for k in range(len(rho) - 1, -1, -1):
            alphas[k] = rho[k] * np.einsum("nd,nd->n", s[k], r)
            r -= alphas[k][:, None] * y[k]
        r *= self._scale[rows, None]
        for k in range(len(rho)):
            beta = rho[k] * np.einsum("nd,nd->n", y[k], r)
            r += (alphas[k] - beta)[:, None] * s[k]
        return r

    def of(self, row: int) -> "Curvature":
        """What the climb in one place has learned, apart from the others."""
        pairs, _, dim = self._s.shape
        own = Curvature(1, dim, pairs)
        own._s, own._y = self._s[:, [row]], self._y[:, [row]]
        own._rho, own._scale = self._rho[:, [row]], self._scale[[row]]
        return own

    def inverse(self, row: int) -> Float[np.ndarray, "D D"]:
        """The inverse Hessian of one climb."""
        dim = self._s.shape[2]
        inverse = self.times(np.full(dim, row), np.eye(dim))
        return 0.5 * (inverse + inverse.T)
