"""A Gaussian with independent coordinates, for dimensions in which a matrix is too large."""

from dataclasses import dataclass
from typing import final

import numpy as np
from jaxtyping import Float

from fluvial.constants import LOG_2PI

__all__ = ["DiagonalGaussian"]


@final
@dataclass(frozen=True, eq=False)
class DiagonalGaussian:
    """N(μ, diag(s²)) on R^D, in float64; memory and cost are linear in D.

    Args:
        mean: μ, shape (D,).
        sd: s, shape (D,), positive.

    Example:
        >>> import numpy as np
        >>> q = DiagonalGaussian(np.zeros(2), np.ones(2))
        >>> q.log_prob(np.zeros((1, 2))).round(4)
        array([-1.8379])
    """

    mean: Float[np.ndarray, " D"]
    sd: Float[np.ndarray, " D"]

    @property
    def dim(self) -> int:
        """The number of coordinates, D."""
        return self.mean.shape[0]

    @property
    def log_det(self) -> float:
        """Σ ln s_i, in nats."""
        return float(np.log(self.sd).sum())

    @property
    def factor(self) -> Float[np.ndarray, " D"]:
        """The factor of z, coordinate by coordinate: s."""
        return self.sd

    def color(self, z: Float[np.ndarray, "N D"]) -> Float[np.ndarray, "N D"]:
        """Map standard normal draws to draws of this Gaussian: x = μ + sz, shape (N, D)."""
        return self.mean + z * self.sd

    def whiten(self, x: Float[np.ndarray, "N D"]) -> Float[np.ndarray, "N D"]:
        """Map points to the space where this Gaussian is N(0, I): z = (x − μ)/s."""
        return (x - self.mean) / self.sd

    def pull(self, scores: Float[np.ndarray, "N D"]) -> Float[np.ndarray, "N D"]:
        """Map scores ∇_x ln p, shape (N, D), to those in whitened coordinates, ∇_z ln p."""
        return scores * self.sd

    def log_prob(self, x: Float[np.ndarray, "N D"]) -> Float[np.ndarray, " N"]:
        """Normalized log density at points of shape (N, D), in nats."""
        z = self.whiten(x)
        return -0.5 * np.sum(z**2, axis=1) - 0.5 * self.dim * LOG_2PI - self.log_det
