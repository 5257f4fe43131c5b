"""The inference network: from a datum to an approximate posterior of its latent variables."""

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from fluvial.amortized.amortized_flow import AmortizedFlow
from fluvial.amortized.bfloat16 import product
from fluvial.amortized.networks import Linear
from fluvial.constants import LOG_2PI
from fluvial.errors import InputError
from fluvial.flows import Flow
from fluvial.flows.bounds import smoothly_bounded

__all__ = ["Approximation", "InferenceNetwork", "output_size"]

_MAX_LOG_SCALE = 7.0
_START_SCALE = 0.1


class Approximation(NamedTuple):
    r"""The approximate posterior of one datum: N(mean, scale²), and a flow after it.

    Attributes:
        mean: of q0, shape (D,).
        log_scale: of q0, shape (D,).
        flow: what follows; None for q0 alone.
    """

    mean: Float[Array, " D"]
    log_scale: Float[Array, " D"]
    flow: Flow | None

    def draw(self, noise: Float[Array, " D"]) -> tuple[Float[Array, " D"], Float[Array, ""]]:
        r"""Map standard normal noise to a latent vector, shape (D,), with its ln q in nats.

        .. math:: z_0 = \mu + \sigma \varepsilon, \qquad z = f(z_0), \qquad
            \ln q(z) = \ln q_0(z_0) - \ln|\det \partial f / \partial z_0|

        (Rezende & Mohamed 2015, eq. 13).
        """
        log_q = -jnp.sum(0.5 * noise**2 + self.log_scale) - 0.5 * noise.size * LOG_2PI
        z = self.mean + jnp.exp(self.log_scale) * noise
        if self.flow is None:
            return z, log_q
        z, log_det = self.flow.forward(z)
        return z, log_q - log_det


class InferenceNetwork(eqx.Module):
    r"""Everything that depends on the datum: q0's mean and scale, and the flow's parameters.

    All are affine in the encoder's features. What is emitted for the flow starts at zero, so
    that training starts at the flow's template for every datum.

    Args:
        encoder: a module from a datum, shape (data_dim,), to features, shape (H,).
        data_dim: size of a datum.
        dim: D, latent coordinates.
        key: decides the affine layer.

    Attributes:
        gaussian: features to mean and log scale of q0.
        flow: the amortized flow; None for q0 alone.
        emit: features to the flow's parameters, shape (H, P); None without a flow.

    Raises:
        InputError: if the encoder does not give a vector.
    """

    encoder: eqx.Module
    gaussian: Linear
    flow: AmortizedFlow | None
    emit: Float[Array, "H P"] | None

    def __init__(self, encoder: eqx.Module, data_dim: int, dim: int, *, key: PRNGKeyArray):
        self.encoder = encoder
        features = output_size(encoder, data_dim, "encoder")
        self.gaussian = Linear(features, 2 * dim, key=key, scale=_START_SCALE)
        self.flow = None
        self.emit = None

    def with_flow(self, flow: AmortizedFlow | None) -> "InferenceNetwork":
        """Return the same network with another flow, which no datum moves yet."""
        features, dtype = self.gaussian.W.shape[0], self.gaussian.W.dtype
        emit = jnp.zeros((features, flow.size), dtype) if flow is not None and flow.size else None
        return eqx.tree_at(
            lambda net: (net.flow, net.emit), self, (flow, emit), is_leaf=lambda leaf: leaf is None
        )

    def __call__(self, x: Float[Array, " row"]) -> Approximation:
        """Give the approximate posterior of a datum."""
        features = self.encoder(x)  # pyright: ignore[reportCallIssue]
        mean, raw_log_scale = jnp.split(self.gaussian(features), 2)
        log_scale = smoothly_bounded(raw_log_scale, _MAX_LOG_SCALE, _MAX_LOG_SCALE)
        if self.flow is None:
            return Approximation(mean, log_scale, None)
        vector = jnp.zeros(0, mean.dtype)
        if self.emit is not None:
            vector = product(_mup_scale(features), self.emit)
        return Approximation(mean, log_scale, self.flow.at(vector))


def _mup_scale(features: Float[Array, " H"]) -> Float[Array, " H"]:
    """Scale features by 1/H.

    A step of Adam moves every weight by the step size, hence what H weights emit by up to H times
    it: at a step size that suits the networks a flow would be torn apart. With the scale it moves
    as a parameter of its own would (Yang & Hu 2021, table 3).
    """
    return features / features.size


def output_size(network: eqx.Module, inputs: int, what: str) -> int:
    """Find how many outputs a network has, without computing any."""
    datum = jax.ShapeDtypeStruct((inputs,), jnp.float32)
    shape = eqx.filter_eval_shape(network, datum).shape  # pyright: ignore[reportArgumentType]
    if len(shape) != 1:
        raise InputError(
            f"the {what} gives an array of shape {shape} for an input of shape ({inputs},): it has "
            "to give a vector, and to take one datum; batches are vmapped."
        )
    return shape[0]
