"""The generative network: from latent variables to the parameters of the data's distribution."""

from collections.abc import Callable, Sequence

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from fluvial.amortized.networks import MLP, Linear

__all__ = ["Decoder"]


class Decoder(eqx.Module):
    r"""The decoder of a deep latent Gaussian model (Rezende et al. 2014, eq. 1 to 4).

    With L stochastic layers, of noise :math:`\xi_l \sim N(0, 1)`,

    .. math::
        h_L = \xi_L, \qquad h_l = T_l(h_{l+1}) + G_l\,\xi_l, \qquad
        x \sim p(x \mid T_0(h_1))

    where the T are networks and the G matrices (the paper's :math:`G_L` is part of what follows
    it). If data have labels, :math:`T_0` takes the label after :math:`h_1`. The latent vector of
    the model is all noise together, :math:`z = (\xi_1 \dots \xi_L)`, whose prior is N(0, I): one
    flow can then make layers depend on one another in the posterior.

    Args:
        latent: sizes of ξ_1 .. ξ_L, the layer next to the data first.
        outputs: parameters for the likelihood.
        key: decides the networks.
        network: makes a network of given inputs and outputs from a key.
        classes: of labels, which follow z as zeros and a one.

    Attributes:
        output: T_0.
        networks: T_1 .. T_{L−1}.
        noises: G_1 .. G_{L−1}.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> make = lambda n, m, key: MLP(n, m, key=key, width=8)
        >>> Decoder((3, 2), 4, key=jax.random.key(0), network=make)(jnp.ones(5)).shape
        (4,)
    """

    output: eqx.Module
    networks: tuple[MLP, ...]
    noises: tuple[Linear, ...]
    latent: tuple[int, ...] = eqx.field(static=True)
    classes: int = eqx.field(static=True)

    def __init__(
        self,
        latent: Sequence[int],
        outputs: int,
        *,
        key: PRNGKeyArray,
        network: Callable[[int, int, PRNGKeyArray], MLP],
        classes: int = 0,
    ):
        self.latent, self.classes = tuple(latent), classes
        output_key, *keys = jax.random.split(key, 2 * len(latent) - 1)
        self.output = network(latent[0] + classes, outputs, output_key)
        below = range(len(latent) - 1)
        self.networks = tuple(network(latent[i + 1], latent[i], keys[2 * i]) for i in below)
        self.noises = tuple(Linear(latent[i], latent[i], key=keys[2 * i + 1]) for i in below)

    def __call__(self, z: Float[Array, " D"]) -> Float[Array, " n"]:
        """Give the likelihood's parameters for all noise together, and for the label, if any."""
        z, label = jnp.split(z, [sum(self.latent)])
        ends = [sum(self.latent[: i + 1]) for i in range(len(self.latent) - 1)]
        *below, h = jnp.split(z, ends)
        for network, noise, xi in zip(
            self.networks[::-1], self.noises[::-1], below[::-1], strict=True
        ):
            h = network(h) + noise(xi)
        h = jnp.concatenate([h, label])
        return self.output(h)  # pyright: ignore[reportCallIssue]
