"""The sum of two log densities, the first of which may have fewer coordinates."""

from typing import final

import numpy as np
from jaxtyping import Array, Float, Float64

from fluvial.targets.density import Density

__all__ = ["AddedDensity"]


@final
class AddedDensity(Density):
    """Ln p(x_1 … x_d) + ln r(x), of x in D ≥ d dimensions.

    Args:
        density: ln p, of the first d coordinates; computed by itself.
        added: ln r, of all D.
    """

    def __init__(self, density: Density, added: Density):
        self._density, self._added = density, added
        self.dim = added.dim
        self.on_host = density.on_host
        self.costly = density.costly or added.costly
        self.up_to_constant = density.up_to_constant

    def log_prob(self, x: Float[Array, " D"]) -> Float[Array, ""]:
        """Return the sum at one point."""
        return self._density.log_prob(x[: self._density.dim]) + self._added.log_prob(x)

    def value_and_grad(
        self, points: Float64[np.ndarray, "N D"]
    ) -> tuple[Float64[np.ndarray, " N"], Float64[np.ndarray, "N D"]]:
        """Return the sums and their gradients."""
        known = self._density.dim
        values, gradients = self._density.value_and_grad(np.ascontiguousarray(points[:, :known]))
        more, total = self._added.value_and_grad(points)
        total[:, :known] += gradients
        return values + more, total

    def values(self, points: Float64[np.ndarray, "N D"]) -> Float64[np.ndarray, " N"]:
        """Return the sums."""
        known = np.ascontiguousarray(points[:, : self._density.dim])
        return self._density.values(known) + self._added.values(points)
