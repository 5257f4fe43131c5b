"""A Gaussian on R^D, with the operations that a fit needs."""

from dataclasses import dataclass

import numpy as np
import scipy.linalg
from jaxtyping import Float

from fluvial.constants import LOG_2PI

__all__ = ["Gaussian"]


@dataclass(frozen=True, eq=False)
class Gaussian:
    """N(μ, LLᵀ) on R^D, in float64.

    Args:
        mean: μ, shape (D,).
        cholesky: L, lower triangular with a positive diagonal, shape (D, D).

    Example:
        >>> import numpy as np
        >>> q = Gaussian(np.zeros(2), np.eye(2))
        >>> q.log_prob(np.zeros((1, 2))).round(4)
        array([-1.8379])
    """

    mean: Float[np.ndarray, " D"]
    cholesky: Float[np.ndarray, "D D"]

    @property
    def dim(self) -> int:
        """The number of coordinates, D."""
        return self.mean.shape[0]

    @property
    def log_det(self) -> float:
        """ln|det L|: the log volume of the unit ellipsoid, in nats."""
        return float(np.log(np.diag(self.cholesky)).sum())

    @property
    def sd(self) -> Float[np.ndarray, " D"]:
        """The standard deviation of each coordinate."""
        return np.sqrt(np.sum(self.cholesky**2, axis=1))

    @property
    def factor(self) -> Float[np.ndarray, "D D"]:
        """The factor of z: L."""
        return self.cholesky

    def color(self, z: Float[np.ndarray, "N D"]) -> Float[np.ndarray, "N D"]:
        """Map standard normal draws to draws of this Gaussian: x = μ + Lz, shape (N, D)."""
        return self.mean + z @ self.cholesky.T

    def whiten(self, x: Float[np.ndarray, "N D"]) -> Float[np.ndarray, "N D"]:
        """Map points to the space where this Gaussian is N(0, I): z = L⁻¹(x − μ)."""
        return scipy.linalg.solve_triangular(self.cholesky, (x - self.mean).T, lower=True).T

    def pull(self, scores: Float[np.ndarray, "N D"]) -> Float[np.ndarray, "N D"]:
        """Map scores ∇_x ln p, shape (N, D), to those in whitened coordinates, ∇_z ln p."""
        return scores @ self.cholesky

    def log_prob(self, x: Float[np.ndarray, "N D"]) -> Float[np.ndarray, " N"]:
        """Normalized log density at points of shape (N, D), in nats."""
        z = self.whiten(x)
        return -0.5 * np.sum(z**2, axis=1) - 0.5 * self.dim * LOG_2PI - self.log_det
