"""A prior of the latent variables that is learned: a normalizing flow of standard normal noise."""

import equinox as eqx
from jaxtyping import Array, Float

from fluvial.flows import Flow
from fluvial.objectives import base_log_prob

__all__ = ["FlowPrior"]


class FlowPrior(eqx.Module):
    r"""The prior of :math:`z = f(\varepsilon)` with :math:`\varepsilon \sim N(0, I)`.

    .. math:: \ln p(z) = \ln N(f^{-1}(z); 0, I) + \ln|\det \partial f^{-1} / \partial z|

    The bound needs the density where the inference network puts z, hence the inverse of the flow;
    couplings such as RealNVP have one in closed form. The aggregate of all data's posteriors is the
    prior that is best for the bound (Hoffman & Johnson 2016), and a standard normal is seldom near
    it; a flow learns it, with one set of parameters for all data (Chen et al. 2017, "Variational
    Lossy Autoencoder", section 3.2).

    Args:
        flow: f, on the D latent coordinates.
        spec: the text that made it, from which it can be rebuilt; "" for a custom flow.

    Example:
        >>> from fluvial.flows import build_flow
        >>> import jax, jax.numpy as jnp
        >>> prior = FlowPrior(build_flow("realnvp:2", 3, key=jax.random.key(0)), "realnvp:2")
        >>> z = prior.sample(jnp.ones(3))
        >>> prior.log_prob(z).shape
        ()
    """

    flow: Flow
    spec: str = eqx.field(static=True, default="")

    def log_prob(self, z: Float[Array, " D"]) -> Float[Array, ""]:
        """Ln p(z), in nats."""
        noise, log_det = self.flow.inverse(z)
        return base_log_prob(noise) + log_det

    def sample(self, noise: Float[Array, " D"]) -> Float[Array, " D"]:
        """Map standard normal noise to a latent vector of the prior."""
        return self.flow.forward(noise)[0]
