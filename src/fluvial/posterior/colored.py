"""The affine map of a Gaussian, as a flow."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.linalg import solve_triangular
from jaxtyping import Array, Float

from fluvial.flows import Flow
from fluvial.posterior.diagonal_gaussian import DiagonalGaussian
from fluvial.posterior.gaussian import Gaussian

__all__ = ["Colored"]


class Colored(Flow):
    r"""A fixed affine map: x = μ + Lz, ln|det| = Σ ln L_ii, where L may be diagonal.

    Applied to N(0, I) it is N(μ, LLᵀ); applied after a flow it takes that flow's draws from
    whitened coordinates to the target's.
    """

    mean: Float[Array, " D"] | Float[np.ndarray, " D"]
    factor: (
        Float[Array, "D D"]
        | Float[np.ndarray, "D D"]
        | Float[Array, " D"]
        | Float[np.ndarray, " D"]
    )
    dim: int = eqx.field(static=True)

    def __init__(self, gaussian: Gaussian | DiagonalGaussian):
        self.mean = gaussian.mean
        self.factor = gaussian.factor
        self.dim = gaussian.dim

    def forward(self, z: Float[Array, " D"]) -> tuple[Float[Array, " D"], Float[Array, ""]]:
        """Multiply by L, then shift."""
        mean, L = self._parameters(z)
        if L.ndim == 1:
            return mean + L * z, jnp.sum(jnp.log(L))
        return mean + L @ z, jnp.sum(jnp.log(jnp.diagonal(L)))

    def inverse(self, x: Float[Array, " D"]) -> tuple[Float[Array, " D"], Float[Array, ""]]:
        """Shift back, then solve with L."""
        mean, L = self._parameters(x)
        if L.ndim == 1:
            return (x - mean) / L, -jnp.sum(jnp.log(L))
        # The inverse is shared by a batch under vmap; one solve for each point would not be.
        inverse = solve_triangular(L, jnp.eye(self.dim, dtype=L.dtype), lower=True)
        return inverse @ (x - mean), -jnp.sum(jnp.log(jnp.diagonal(L)))

    def _parameters(self, point):
        fixed = jax.lax.stop_gradient((jnp.asarray(self.mean), jnp.asarray(self.factor)))
        return tuple(a.astype(point.dtype) for a in fixed)
