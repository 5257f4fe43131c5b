r"""A target in the coordinates in which a Gaussian is N(0, I).

Flows are trained in float32 where the target looks like N(0, I); densities are evaluated in
float64 where the model lives. This is the one place where the two meet.
"""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from fluvial.objectives import LogDensity
from fluvial.posterior.diagonal_gaussian import DiagonalGaussian
from fluvial.posterior.gaussian import Gaussian
from fluvial.targets import Target

__all__ = ["Whitened"]


class Whitened(eqx.Module):
    r"""A target seen in the coordinates that whiten a Gaussian.

    .. math:: \ln \tilde p(y) = \ln p(\mu + L y) + \ln|\det L|

    has the same normalizer as p. Points may be float32; p is evaluated in the dtype of μ.
    """

    target: LogDensity
    mean: Float[Array, " D"]
    factor: Float[Array, "D D"] | Float[Array, " D"]

    def __init__(self, target: Target, gaussian: Gaussian | DiagonalGaussian):
        self.target = target.as_argument()
        self.mean = jnp.asarray(gaussian.mean)
        self.factor = jnp.asarray(gaussian.factor)

    def log_prob(self, x: Float[Array, " D"]) -> Float[Array, ""]:
        """Return the log density at whitened coordinates y = x, in nats, in the dtype of μ."""
        scales = self.factor if self.factor.ndim == 1 else jnp.diagonal(self.factor)
        volume = jnp.sum(jnp.log(scales))
        return self.target.log_prob(self.point(x)) + volume

    def point(self, x: Float[Array, " D"]) -> Float[Array, " D"]:
        """Map whitened coordinates to the target's, in the dtype of μ."""
        z = x.astype(self.mean.dtype)
        return self.mean + (self.factor * z if self.factor.ndim == 1 else self.factor @ z)
