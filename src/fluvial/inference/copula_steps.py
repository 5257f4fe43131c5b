r"""Natural-gradient steps for the margins of a Gaussian copula.

With u = C z the coordinates before they are bent, and P the inverse of their correlation matrix
R = C Cᵀ, a displacement of each by a Hermite polynomial of itself, δu_i = c_i He_k(u_i), has the
gradient and the Fisher information

.. math:: a_i = E[r_i(u)\, He_k(u_i)], \qquad F = k!\; P \circ R^{\circ k} + k\, k!\; I,
          \qquad r = \nabla_u \ln p + P u

and those of different k do not mix. So shifts (k = 0), scales, skewness and tails of all D margins
are moved at once by F^{-1} a, at the cost of four Cholesky factors in all. Sinh-arcsinh's own
parameters are displacements :math:`\sqrt{1 + u^2}` and :math:`\sqrt{1 + u^2} \operatorname{arcsinh}
u`, of whose Hermite coefficients the first ones are undone by shift and scale.
"""

import math
from typing import Any, final

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import scipy.linalg
from jaxtyping import Float

from fluvial.flows import Chain, Diagonal, SinhArcsinh
from fluvial.flows.copula import copula
from fluvial.inference.natural_moves import Look
from fluvial.posterior.diagonal_gaussian import DiagonalGaussian
from fluvial.posterior.gaussian import Gaussian

__all__ = ["CopulaMoves", "copula_of"]

# Of one step; what is linear in a move says little beyond. Tails are seen with the most noise.
_MOST_SKEW, _MOST_TAIL = 0.3, 0.1
_NODES = 60  # of Gauss-Hermite quadrature


def copula_of(gaussian: Gaussian) -> tuple[Chain, DiagonalGaussian]:
    """Write a Gaussian as a copula with straight margins, and what scales and shifts them."""
    matrix = gaussian.cholesky / gaussian.sd[:, None]
    return copula(gaussian.dim, matrix=matrix), DiagonalGaussian(gaussian.mean, gaussian.sd)


@final
class CopulaMoves:
    """The moves of all margins.

    Args:
        flow: as ``copula_of`` returns it.
    """

    def __init__(self, flow: Chain):
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
        self._skew, self._tail = _coefficients(np.ones_like), _coefficients(np.arcsinh)

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
        bases = np.ones_like(u), u, u**2 - 1.0, u**3 - 3.0 * u
        moves = [
            scipy.linalg.cho_solve(factor, np.mean(r * basis, axis=0))
            for factor, basis in zip(self._factors, bases, strict=True)
        ]
        return _moved(flow, [share * move for move in moves], self._skew, self._tail), gaussian


def _moved(
    flow: Any, moves: list[np.ndarray], skew: Float[np.ndarray, "4"], tail: Float[np.ndarray, "4"]
) -> Chain:
    bent: SinhArcsinh = flow.flows[1]
    scaled: Diagonal = flow.flows[2]
    more_skew = np.clip(moves[2] / skew[2], -_MOST_SKEW, _MOST_SKEW)
    more_tail = np.clip(moves[3] / tail[3], -_MOST_TAIL, _MOST_TAIL)
    shift = np.asarray(scaled.scale(), float) * (moves[0] - skew[0] * more_skew)
    log_scale = moves[1] - tail[1] * more_tail
    added = more_skew, more_tail, shift, log_scale
    now = bent.raw_skew, bent.raw_log_exponent, scaled.shift, scaled.raw_log_scale
    return eqx.tree_at(
        lambda f: (
            f.flows[1].raw_skew,
            f.flows[1].raw_log_exponent,
            f.flows[2].shift,
            f.flows[2].raw_log_scale,
        ),
        flow,
        tuple(old + jnp.asarray(new, old.dtype) for old, new in zip(now, added, strict=True)),
    )


def _coefficients(factor: Any) -> Float[np.ndarray, "4"]:
    """Of the displacement √(1 + u²) f(u) in the Hermite polynomials He_0 to He_3."""
    u, weights = np.polynomial.hermite_e.hermegauss(_NODES)
    values = weights / weights.sum() * np.sqrt(1.0 + u**2) * factor(u)
    bases = np.ones_like(u), u, u**2 - 1.0, u**3 - 3.0 * u
    return np.array([values @ basis / math.factorial(k) for k, basis in enumerate(bases)])
