"""Likelihoods p(x | z) of what a decoder returns, by their names; that of binary values is here."""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray

from fluvial.amortized.likelihood_base import Likelihood
from fluvial.amortized.real_likelihoods import MARGIN, LogitNormal, Normal
from fluvial.errors import InputError

__all__ = ["LIKELIHOODS", "Bernoulli", "build_likelihood", "likelihood_options"]


class Bernoulli(Likelihood):
    r"""Binary coordinates, with logits l: :math:`\ln p(x) = \sum_i x_i l_i - \ln(1 + e^{l_i})`.

    For a gray x in (0, 1) this is a cross entropy, not the log of a density.

    Example:
        >>> import jax.numpy as jnp
        >>> from fluvial.amortized import Bernoulli
        >>> Bernoulli().log_prob(jnp.array([1.0, 0.0]), jnp.zeros(2)).round(4).item()
        -1.386...
    """

    size: int = eqx.field(static=True, default=1, init=False)
    name: str = eqx.field(static=True, default="bernoulli", init=False)

    def log_prob(self, x: Float[Array, " D"], parameters: Float[Array, " n"]) -> Float[Array, ""]:
        """Ln p(x | logits), in nats."""
        return jnp.sum(x * parameters - jax.nn.softplus(parameters))

    def mean(self, parameters: Float[Array, " n"]) -> Float[Array, " D"]:
        """The probability of a 1."""
        return jax.nn.sigmoid(parameters)

    def sample(self, key: PRNGKeyArray, parameters: Float[Array, " n"]) -> Float[Array, " D"]:
        """Draw zeros and ones."""
        return jax.random.bernoulli(key, jax.nn.sigmoid(parameters)).astype(parameters.dtype)

    def start(self, data: Float[np.ndarray, "N D"]) -> Float[np.ndarray, " n"]:
        """The logit of each coordinate's mean, kept within ±4.6."""
        p = np.clip(data.mean(0), 0.01, 0.99)
        return np.log(p) - np.log1p(-p)

    def fitted(self, x: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
        """Leave the values as they are."""
        return x


LIKELIHOODS: dict[str, Callable[[], Likelihood]] = {
    "bernoulli": Bernoulli,
    "gaussian": Normal,
    "logit-normal": LogitNormal,
}


def build_likelihood(name: str | Likelihood) -> Likelihood:
    """Make the likelihood of a name; one that is made already is returned as it is.

    Raises:
        InputError: if there is none of that name.

    Example:
        >>> build_likelihood("gaussian").size
        2
    """
    if isinstance(name, Likelihood):
        return name
    if name not in LIKELIHOODS:
        raise InputError(
            f'no likelihood is called "{name}": choose one of {", ".join(LIKELIHOODS)}.'
        )
    return LIKELIHOODS[name]()


def likelihood_options(likelihood: Likelihood) -> dict[str, Any]:
    """Return the arguments that differ from the defaults, as JSON can hold them.

    Example:
        >>> likelihood_options(LogitNormal("one")), likelihood_options(LogitNormal())
        ({'scale': 'one', 'margin': 0.0001}, {})
    """
    if not isinstance(likelihood, LogitNormal):
        return {}
    found = {"scale": likelihood.scale, "margin": likelihood.margin}
    return {} if found == {"scale": "free", "margin": MARGIN} else found
