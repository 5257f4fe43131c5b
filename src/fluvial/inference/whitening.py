r"""The affine map between a Gaussian's own coordinates and the target's, both ways.

Flows are trained in float32 where the target looks like N(0, I); densities are evaluated in
float64 where the model lives. This is the one place where the two meet.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.linalg import solve_triangular
from jaxtyping import Array, Float

from fluvial.flows import Flow
from fluvial.inference.gaussian import Gaussian
from fluvial.targets import Target

__all__ = ["Colored", "Whitened"]


class Colored(Flow):
    r"""A fixed affine map: x = μ + Lz, ln|det| = Σ ln L_ii.

    Applied to N(0, I) it is N(μ, LLᵀ); applied after a flow it takes that flow's draws from
    whitened coordinates to the target's.
    """

    mean: Float[Array, " D"] | Float[np.ndarray, " D"]
    cholesky: Float[Array, "D D"] | Float[np.ndarray, "D D"]
    dim: int = eqx.field(static=True)

    def __init__(self, gaussian: Gaussian):
        self.mean = gaussian.mean
        self.cholesky = gaussian.cholesky
        self.dim = gaussian.dim

    def forward(self, z: Float[Array, " D"]) -> tuple[Float[Array, " D"], Float[Array, ""]]:
        """Multiply by L, then shift."""
        mean, L = self._parameters(z)
        return mean + L @ z, jnp.sum(jnp.log(jnp.diagonal(L)))

    def inverse(self, x: Float[Array, " D"]) -> tuple[Float[Array, " D"], Float[Array, ""]]:
        """Shift back, then solve with L."""
        mean, L = self._parameters(x)
        # The inverse is shared by a batch under vmap; one solve for each point would not be.
        inverse = solve_triangular(L, jnp.eye(self.dim, dtype=L.dtype), lower=True)
        return inverse @ (x - mean), -jnp.sum(jnp.log(jnp.diagonal(L)))

    def _parameters(self, point):
        fixed = jax.lax.stop_gradient((jnp.asarray(self.mean), jnp.asarray(self.cholesky)))
        return tuple(a.astype(point.dtype) for a in fixed)


class Whitened(eqx.Module):
    r"""A target seen in the coordinates that whiten a Gaussian.

    .. math:: \ln \tilde p(y) = \ln p(\mu + L y) + \ln|\det L|

    has the same normalizer as p. Points may be float32; p is evaluated in the dtype of μ.
    """

    target: Target = eqx.field(static=True)
    mean: Float[Array, " D"]
    cholesky: Float[Array, "D D"]

    def __init__(self, target: Target, gaussian: Gaussian):
        self.target = target
        self.mean = jnp.asarray(gaussian.mean)
        self.cholesky = jnp.asarray(gaussian.cholesky)

    def log_prob(self, x: Float[Array, " D"]) -> Float[Array, ""]:
        """Return the log density at whitened coordinates y = x, in nats, in the dtype of μ."""
        volume = jnp.sum(jnp.log(jnp.diagonal(self.cholesky)))
        return self.target.log_prob(self.point(x)) + volume

    def point(self, x: Float[Array, " D"]) -> Float[Array, " D"]:
        """Map whitened coordinates to the target's, in the dtype of μ."""
        return self.mean + self.cholesky @ x.astype(self.mean.dtype)
