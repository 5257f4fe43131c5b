"""A target in coordinates other than its own."""

from typing import final

import numpy as np
from jaxtyping import Float

from fluvial.inference.counted_target import CountedTarget
from fluvial.posterior.gaussian import Gaussian, lower_root

__all__ = ["Basis"]


@final
class Basis:
    """A target in coordinates y, where x = B y.

    Args:
        counted: the target.
        matrix: B, shape (D, D).
    """

    def __init__(self, counted: CountedTarget, matrix: Float[np.ndarray, "D D"]):
        self.counted, self.matrix = counted, matrix
        self.dim = counted.dim

    def values(self, y: Float[np.ndarray, "N D"]) -> Float[np.ndarray, " N"]:
        """Log densities (N,) at points (N, D), of x."""
        return self.counted.values(y @ self.matrix.T)

    def value_and_grad(
        self, y: Float[np.ndarray, "N D"]
    ) -> tuple[Float[np.ndarray, " N"], Float[np.ndarray, "N D"]]:
        """Log densities (N,), and their gradients (N, D) with respect to y."""
        values, scores = self.counted.value_and_grad(y @ self.matrix.T)
        return values, scores @ self.matrix

    def of(self, x: Float[np.ndarray, "N D"]) -> Float[np.ndarray, "N D"]:
        """Map points to y."""
        return np.linalg.solve(self.matrix, x.T).T

    def gaussian_of(self, gaussian: Gaussian) -> Gaussian:
        """Map a Gaussian to y."""
        rows = np.linalg.solve(self.matrix, gaussian.cholesky).T
        return Gaussian(self.of(gaussian.mean[None])[0], lower_root(rows))
