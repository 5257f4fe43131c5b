"""The deep latent Gaussian model with an amortized posterior."""

from collections.abc import Sequence
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray

from fluvial.amortized.amortized_flow import AmortizedFlow
from fluvial.amortized.capacity import check_capacity
from fluvial.amortized.decoder import Decoder
from fluvial.amortized.flow_prior import FlowPrior
from fluvial.amortized.inference_network import InferenceNetwork, output_size
from fluvial.amortized.likelihood_base import Likelihood
from fluvial.amortized.likelihoods import build_likelihood
from fluvial.amortized.networks import MLP
from fluvial.errors import InputError
from fluvial.flows import Flow, build_flow
from fluvial.objectives import base_log_prob

__all__ = ["DLGM", "Terms"]

_PRIOR = 3  # folded into the key: splitting it in four would move every start there has been


class Terms(NamedTuple):
    r"""The parts of ln p(x, z) − ln q(z | x) for one draw of z, in nats.

    Attributes:
        log_likelihood: ln p(x | z).
        log_prior: ln p(z).
        log_q: ln q(z | x).
    """

    log_likelihood: Float[Array, ""]
    log_prior: Float[Array, ""]
    log_q: Float[Array, ""]

    @property
    def log_weight(self) -> Float[Array, ""]:
        """Ln p(x, z) − ln q(z | x): its mean is the bound, its exponential an importance weight."""
        return self.log_likelihood + self.log_prior - self.log_q


class DLGM(eqx.Module):
    r"""A deep latent Gaussian model (Rezende et al. 2014) and its inference network.

    .. math::
        z \sim N(0, I), \quad x \sim p(x \mid g(z)); \qquad
        z_0 \sim N(\mu(x), \operatorname{diag} \sigma^2(x)), \quad z = f_{\lambda(x)}(z_0)

    The encoder gives μ, σ and λ, the decoder g; f is the flow, amortized as ``AmortizedFlow``
    says. The prior is N(0, I), or learned by a flow of its own; see ``FlowPrior``. The networks'
    default, two layers of 400 maxout units of window 4, and 40 latent coordinates are those of
    Rezende & Mohamed (2015, section 6.2) for MNIST.

    Args:
        data_dim: size of a datum.
        latent: latent coordinates; a sequence for several stochastic layers, the one next to
            the data first.
        hidden: units in a hidden layer; a sequence for layers of different widths.
        depth: hidden layers of each network, where ``hidden`` is one number.
        activation: of the hidden layers, one of ``networks.ACTIVATIONS``.
        likelihood: "bernoulli", "gaussian", "logit-normal", or a ``Likelihood``.
        encoder: a module of your own from a datum, shape (data_dim,), to features, shape (H,).
        decoder: a module of your own from z, shape (D,), to the likelihood's parameters.
        prior: a flow for the prior, such as "realnvp:8"; None for N(0, I).
        classes: of labels y, for a conditional model p(x | z, y), q(z | x, y) (Kingma et al. 2014):
            a datum, and z on its way into the decoder, are then followed by zeros and a one.
        key: decides the networks' start; by default that of seed 0.

    Attributes:
        inference: the inference network, with the flow.
        decoder: g.
        prior: the learned prior; None for N(0, I).

    Raises:
        InputError: if a size is below 1 or too large to train in this machine's memory, or an
            encoder or decoder of your own does not fit.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> from fluvial.amortized import DLGM
        >>> dlgm = DLGM(data_dim=6, latent=2, hidden=8).with_flow("planar:4")
        >>> terms = dlgm.terms(jnp.ones(6), jax.random.normal(jax.random.key(1), (2,)))
        >>> terms.log_weight.shape
        ()
    """

    inference: InferenceNetwork
    decoder: eqx.Module
    likelihood: Likelihood
    prior: FlowPrior | None
    data_dim: int = eqx.field(static=True)
    latent: tuple[int, ...] = eqx.field(static=True)
    classes: int = eqx.field(static=True)

    def __init__(
        self,
        data_dim: int = 784,
        latent: int | Sequence[int] = 40,
        hidden: int | Sequence[int] = 400,
        *,
        depth: int = 2,
        activation: str = "maxout",
        likelihood: str | Likelihood = "bernoulli",
        encoder: eqx.Module | None = None,
        decoder: eqx.Module | None = None,
        prior: str | Flow | None = None,
        classes: int = 0,
        key: PRNGKeyArray | None = None,
    ):
        self.data_dim, self.classes = data_dim, classes
        self.latent = (latent,) if isinstance(latent, int) else tuple(latent)
        if data_dim < 1 or not self.latent or min(self.latent) < 1:
            raise InputError(
                f"data_dim={data_dim}, latent={latent}: a model needs at least 1 of each."
            )
        if classes < 0 or classes == 1:
            raise InputError(f"classes={classes}: give at least 2, or 0 for data without labels.")
        check_capacity(data_dim, self.latent, hidden, depth, (encoder is None) + (decoder is None))
        self.likelihood = build_likelihood(likelihood)
        key = jax.random.key(0) if key is None else key
        keys = jax.random.split(key, 3)

        def network(inputs, outputs, key):
            return MLP(inputs, outputs, key=key, width=hidden, depth=depth, activation=activation)

        encoder = network(data_dim + classes, None, keys[0]) if encoder is None else encoder
        self.inference = InferenceNetwork(encoder, data_dim + classes, self.dim, key=keys[1])
        outputs = self.likelihood.size * data_dim
        if decoder is None:
            decoder = Decoder(self.latent, outputs, key=keys[2], network=network, classes=classes)
        self.decoder = decoder
        self.prior = _flow_prior(prior, self.dim, jax.random.fold_in(key, _PRIOR))
        given = output_size(decoder, self.dim + classes, "decoder")
        if given != outputs:
            raise InputError(
                f"the decoder gives {given} parameters, but the {self.likelihood.name} likelihood "
                f"of {data_dim} coordinates takes {outputs}."
            )

    @property
    def dim(self) -> int:
        """D, the latent coordinates of all stochastic layers together."""
        return sum(self.latent)

    def with_flow(
        self,
        flow: str | Flow | None,
        *,
        amortize: str = "auto",
        key: PRNGKeyArray | None = None,
    ) -> "DLGM":
        """Return the model with a flow after q0, starting at the flow's own start for all data.

        Args:
            flow: such as "planar:20", or a ``Flow``; None for a diagonal Gaussian alone.
            amortize: which of its parameters depend on the datum; see ``AmortizedFlow``.
            key: decides whatever is random in the flow; by default that of seed 0.

        Raises:
            InputError: if the text cannot be understood, or does not fit the latent space.
        """
        family = None
        if flow is not None:
            template = build_flow(flow, self.dim, key=jax.random.key(0) if key is None else key)
            spec = flow if isinstance(flow, str) else ""
            family = AmortizedFlow(template, spec, which=amortize)
        inference = self.inference.with_flow(family)
        return eqx.tree_at(lambda model: model.inference, self, inference)

    def with_prior(self, flow: str | Flow | None, *, key: PRNGKeyArray | None = None) -> "DLGM":
        """Return the model with a flow for its prior, at the flow's own start; None for N(0, I).

        Args:
            flow: such as "realnvp:8", or a ``Flow`` of the latent space.
            key: decides whatever is random in the flow; by default that of seed 0.

        Raises:
            InputError: if the text cannot be understood, or does not fit the latent space.
        """
        prior = _flow_prior(flow, self.dim, jax.random.key(0) if key is None else key)
        return eqx.tree_at(
            lambda model: model.prior, self, prior, is_leaf=lambda leaf: leaf is None
        )

    def starting_at(self, data: Float[np.ndarray, "N D"]) -> "DLGM":
        """Return the model with its decoder's last bias where the data's own mean is likely.

        A decoder of your own is left as it is.
        """
        if not isinstance(self.decoder, Decoder):
            return self
        fitted = np.asarray(self.likelihood.fitted(jnp.asarray(data[:, : self.data_dim])))
        bias = jnp.asarray(self.likelihood.start(fitted), jnp.float32)
        return eqx.tree_at(lambda model: model.decoder.output.last.b, self, bias)

    def fitted(self, x: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
        """Bring data, but not their labels, to where the likelihood has a density."""
        if not self.classes:
            return self.likelihood.fitted(x)
        data, label = jnp.split(x, [self.data_dim], axis=-1)
        return jnp.concatenate([self.likelihood.fitted(data), label], axis=-1)

    def terms(self, x: Float[Array, " row"], noise: Float[Array, " D"]) -> Terms:
        """Evaluate the model and the approximation at one draw, made from standard normal noise."""
        z, log_q = self.inference(x).draw(noise)
        return Terms(*self.log_joint(x, z), log_q)

    def log_joint(
        self, x: Float[Array, " row"], z: Float[Array, " D"]
    ) -> tuple[Float[Array, ""], Float[Array, ""]]:
        """Ln p(x | z) and ln p(z), in nats."""
        data, label = jnp.split(x, [self.data_dim])
        parameters = self.decode(jnp.concatenate([z, label]))
        prior = self.prior
        log_prior = base_log_prob(z) if prior is None else prior.log_prob(z)
        return self.likelihood.log_prob(data, parameters), log_prior

    def draw_latent(self, noise: Float[Array, " D"]) -> Float[Array, " D"]:
        """Map standard normal noise to a latent vector of the prior."""
        return noise if self.prior is None else self.prior.sample(noise)

    def decode(self, z: Float[Array, " D"]) -> Float[Array, " n"]:
        """The likelihood's parameters given z, which the label follows if there are any."""
        return self.decoder(z)  # pyright: ignore[reportCallIssue]


def _flow_prior(flow: str | Flow | None, dim: int, key: PRNGKeyArray) -> FlowPrior | None:
    if flow is None:
        return None
    return FlowPrior(build_flow(flow, dim, key=key), flow if isinstance(flow, str) else "")
