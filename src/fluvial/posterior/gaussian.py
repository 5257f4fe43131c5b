"""A Gaussian on R^D, with the operations that a fit needs."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float
from scipy.linalg import get_lapack_funcs

from fluvial.constants import LOG_2PI
from fluvial.posterior.diagonal_gaussian import DiagonalGaussian

__all__ = ["Gaussian", "covers", "covers_each", "factor", "lower_root", "merged", "moments"]

(_solve,) = get_lapack_funcs(("trtrs",), dtype=np.float64)
_JITTER = 1e-9  # of each variance: above the rounding of a sum of products, below what is told


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

    @cached_property
    def log_det(self) -> float:
        """ln|det L|: the log volume of the unit ellipsoid, in nats."""
        return float(np.log(np.diag(self.cholesky)).sum())

    @property
    def sd(self) -> Float[np.ndarray, " D"]:
        """The standard deviation of each coordinate."""
        return np.sqrt(np.sum(self.cholesky**2, axis=1))

    @property
    def covariance(self) -> Float[np.ndarray, "D D"]:
        """LLᵀ."""
        return self.cholesky @ self.cholesky.T

    @property
    def factor(self) -> Float[np.ndarray, "D D"]:
        """The factor of z: L."""
        return self.cholesky

    def color(self, z: Float[np.ndarray, "N D"]) -> Float[np.ndarray, "N D"]:
        """Map standard normal draws to draws of this Gaussian: x = μ + Lz, shape (N, D)."""
        return self.mean + z @ self.cholesky.T

    def whiten(self, x: Float[np.ndarray, "N D"]) -> Float[np.ndarray, "N D"]:
        """Map points to the space where this Gaussian is N(0, I): z = L⁻¹(x − μ)."""
        # LAPACK itself: around it SciPy takes longer than the few points of a step
        z, singular = _solve(self.cholesky.T, (x - self.mean).T, lower=0, trans=1, overwrite_b=1)
        if singular:
            raise np.linalg.LinAlgError("the Cholesky factor of a Gaussian is singular")
        return z.T

    def pull(self, scores: Float[np.ndarray, "N D"]) -> Float[np.ndarray, "N D"]:
        """Map scores ∇_x ln p, shape (N, D), to those in whitened coordinates, ∇_z ln p."""
        return scores @ self.cholesky

    def log_prob(self, x: Float[np.ndarray, "N D"]) -> Float[np.ndarray, " N"]:
        """Normalized log density at points of shape (N, D), in nats."""
        z = self.whiten(x)
        return -0.5 * np.vecdot(z, z) - 0.5 * self.dim * LOG_2PI - self.log_det


def covers(gaussian: "Gaussian | DiagonalGaussian", x: Float[np.ndarray, " D"]) -> bool:
    """Whether a point is within three standard deviations of the typical radius, √D.

    Example:
        >>> import numpy as np
        >>> unit = Gaussian(np.zeros(4), np.eye(4))
        >>> covers(unit, np.full(4, 2.4)), covers(unit, np.full(4, 2.6))
        (True, False)
    """
    return bool(covers_each(gaussian, x[None])[0])


def covers_each(
    gaussian: "Gaussian | DiagonalGaussian", x: Float[np.ndarray, "N D"]
) -> Bool[np.ndarray, " N"]:
    """Say of each point whether it is where ``covers`` has it."""
    return np.sum(gaussian.whiten(x) ** 2, axis=1) < (gaussian.dim**0.5 + 3.0) ** 2


def lower_root(rows: Float[np.ndarray, "N D"]) -> Float[np.ndarray, "D D"]:
    """Return the Cholesky factor of RᵀR, which has half the digits that the rows R have.

    Example:
        >>> import numpy as np
        >>> lower_root(np.array([[3.0, 0.0], [4.0, 1.0]])).round(2).tolist()
        [[5.0, 0.0], [0.8, 0.6]]
    """
    triangle = np.linalg.qr(rows, mode="r").T  # pyright: ignore[reportAttributeAccessIssue]
    return triangle * np.sign(np.diag(triangle))


def merged(gaussians: Sequence[Gaussian], weights: Float[np.ndarray, " M"]) -> Gaussian:
    """Return the Gaussian of a mixture's mean and covariance.

    Args:
        gaussians: its components.
        weights: of these, with the sum 1.

    Example:
        >>> import numpy as np
        >>> pair = [Gaussian(np.array([mean]), np.eye(1)) for mean in (-1.0, 1.0)]
        >>> merged(pair, np.array([0.5, 0.5])).sd.round(4)
        array([1.4142])
    """
    if len(gaussians) == 1:
        return gaussians[0]
    means = np.stack([g.mean for g in gaussians])
    mean = weights @ means
    spread = np.sqrt(weights)[:, None] * (means - mean)
    within = np.concatenate(
        [np.sqrt(w) * g.cholesky.T for w, g in zip(weights, gaussians, strict=True)]
    )
    return Gaussian(mean, lower_root(np.concatenate([within, spread])))


def moments(x: Float[np.ndarray, "S D"], w: Float[np.ndarray, " S"]) -> Gaussian:
    """Return the Gaussian with the mean and the covariance of weighted draws.

    Args:
        x: the draws.
        w: their weights, up to a factor.

    Raises:
        numpy.linalg.LinAlgError: if the covariance is not finite.

    Example:
        >>> import numpy as np
        >>> gaussian = moments(np.array([[0.0], [1.0], [5.0]]), np.array([1.0, 1.0, 0.0]))
        >>> gaussian.mean.tolist(), gaussian.sd.round(4).tolist()
        ([0.5], [0.5])
    """
    mean = w @ x / w.sum()
    away = x - mean
    return Gaussian(mean, factor((w[:, None] * away).T @ away / w.sum()))


def factor(covariance: Float[np.ndarray, "D D"]) -> Float[np.ndarray, "D D"]:
    """Return the Cholesky factor of a covariance that draws have, which rounding may have spoiled.

    What is added to make it positive is a share of each coordinate's own variance, so that the
    units of the coordinates, which may be any, do not matter.

    Raises:
        numpy.linalg.LinAlgError: if the covariance is not finite.

    Example:
        >>> import numpy as np
        >>> factor(np.ones((2, 2))).round(3).tolist()
        [[1.0, 0.0], [1.0, 0.0]]
    """
    jitter = _JITTER * np.diag(np.diag(covariance)) + 1e-300 * np.eye(len(covariance))
    return np.linalg.cholesky(covariance + jitter)
