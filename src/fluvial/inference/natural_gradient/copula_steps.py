r"""Natural-gradient steps for the margins of a Gaussian copula.

With u = C z the coordinates before they are bent, and P the inverse of their correlation matrix
R = C Cᵀ, a displacement of each by a Hermite polynomial of itself, δu_i = c_i He_k(u_i), has the
gradient and the Fisher information

.. math:: a_i = E[r_i(u)\, He_k(u_i)], \qquad F = k!\; P \circ R^{\circ k} + k\, k!\; I,
          \qquad r = \nabla_u \ln p + P u

and those of different k do not mix. So shifts (k = 0), scales, skewness and tails of all D margins
are moved at once by F^{-1} a (see margin_moves.py), at the cost of four Cholesky factors in all.
"""

import math
from typing import Any, final

import numpy as np
import scipy.linalg

from fluvial.flows import Chain
from fluvial.flows.copula import copula
from fluvial.inference.natural_gradient.margin_moves import bases_of, margins_moved
from fluvial.inference.natural_gradient.natural_moves import Look
from fluvial.inference.settings import DEFAULT, NaturalSettings
from fluvial.posterior.diagonal_gaussian import DiagonalGaussian
from fluvial.posterior.gaussian import Gaussian

__all__ = ["CopulaMoves", "copula_of"]


def copula_of(gaussian: Gaussian) -> tuple[Chain, DiagonalGaussian]:
    """Write a Gaussian as a copula with straight margins, and what scales and shifts them."""
    matrix = gaussian.cholesky / gaussian.sd[:, None]
    return copula(gaussian.dim, matrix=matrix), DiagonalGaussian(gaussian.mean, gaussian.sd)


@final
class CopulaMoves:
    """The moves of all margins.

    Args:
        flow: as ``copula_of`` returns it.
        settings: the thresholds.
    """

    def __init__(self, flow: Chain, settings: NaturalSettings = DEFAULT.natural):
        self._settings = settings
        first: Any = flow.flows[0]
        self._matrix = np.asarray(first.matrix.value, float)
        self._undoing = np.asarray(first.undoing.value, float)
        correlation = self._matrix @ self._matrix.T
        precision = self._undoing.T @ self._undoing
        self._factors = [
            scipy.linalg.cho_factor(
                math.factorial(k) * (precision * correlation**k + k * np.eye(flow.dim))
            )
            for k in range(4)
        ]

    def __call__(
        self, flow: Any, gaussian: DiagonalGaussian, look: Look, share: float
    ) -> tuple[Chain, DiagonalGaussian]:
        """Move every margin, by a share of a full step.

        Args:
            flow: the copula.
            gaussian: that whitens its target.
            look: at a batch of draws of it.
            share: of a full step.
        """
        u, r = look.z @ self._matrix.T, look.scores @ self._undoing
        moves = [
            share * scipy.linalg.cho_solve(factor, np.mean(r * basis, axis=0))
            for factor, basis in zip(self._factors, bases_of(u), strict=True)
        ]
        bent, scaled = margins_moved(flow.flows[1], flow.flows[2], moves, self._settings)
        return Chain([flow.flows[0], bent, scaled]), gaussian
