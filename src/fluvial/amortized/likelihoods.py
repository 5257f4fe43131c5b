"""What a decoder's parameters say about the data: p(x | z) for binary, real and bounded values."""

import math
from abc import abstractmethod
from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray

from fluvial.constants import LOG_2PI
from fluvial.errors import InputError
from fluvial.flows.bounds import smoothly_bounded

__all__ = [
    "LIKELIHOODS",
    "SCALES",
    "Bernoulli",
    "Likelihood",
    "LogitNormal",
    "Normal",
    "build_likelihood",
    "likelihood_options",
]

_MARGIN = 1e-4
"""ε of Rezende & Mohamed (2015, section 6.3)."""

SCALES = ("free", "pixel", "one")
"""What the scale of ``LogitNormal`` depends on."""

_MAX_LOG_SCALE = 7.0
"""Scales stay between exp(−7) and exp(7): what lets no density of a constant pixel diverge."""

_LEAST_START = 0.5
"""A decoder's means differ by about 1 from datum to datum before it has learned anything: next to
that a pixel that is hardly ever anything but black would be astronomically unlikely."""


class Likelihood(eqx.Module):
    """A distribution of one datum whose coordinates are independent given the parameters.

    ``size`` is how many parameters a coordinate takes: a decoder of D coordinates has size · D
    outputs.
    """

    size: eqx.AbstractVar[int]
    name: eqx.AbstractVar[str]

    @abstractmethod
    def log_prob(self, x: Float[Array, " D"], parameters: Float[Array, " n"]) -> Float[Array, ""]:
        """Ln p(x | parameters), in nats."""

    @abstractmethod
    def mean(self, parameters: Float[Array, " n"]) -> Float[Array, " D"]:
        """The mean of each coordinate (the median, where the mean has no closed form)."""

    @abstractmethod
    def sample(self, key: PRNGKeyArray, parameters: Float[Array, " n"]) -> Float[Array, " D"]:
        """Draw x."""

    @abstractmethod
    def start(self, data: Float[np.ndarray, "N D"]) -> Float[np.ndarray, " n"]:
        """Return the parameters under which the data's own coordinates, left alone, are likely."""

    @abstractmethod
    def fitted(self, x: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
        """Bring values from where data lie to where this likelihood has a density."""


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


class Normal(Likelihood):
    r"""Real coordinates, :math:`x_i \sim N(m_i, s_i^2)`; the parameters are m, then ln s.

    Example:
        >>> import jax.numpy as jnp
        >>> from fluvial.amortized import Normal
        >>> Normal().log_prob(jnp.array([1.0]), jnp.array([1.0, 0.0])).round(4).item()
        -0.918...
    """

    size: int = eqx.field(static=True, default=2, init=False)
    name: str = eqx.field(static=True, default="gaussian", init=False)

    def log_prob(self, x: Float[Array, " D"], parameters: Float[Array, " n"]) -> Float[Array, ""]:
        """Ln p(x | m, ln s), in nats."""
        return _normal_log_prob(x, *_location_and_log_scale(parameters))

    def mean(self, parameters: Float[Array, " n"]) -> Float[Array, " D"]:
        """The means m."""
        return _location_and_log_scale(parameters)[0]

    def sample(self, key: PRNGKeyArray, parameters: Float[Array, " n"]) -> Float[Array, " D"]:
        """Draw from the normal distributions."""
        return _normal_sample(key, *_location_and_log_scale(parameters))

    def start(self, data: Float[np.ndarray, "N D"]) -> Float[np.ndarray, " n"]:
        """Each coordinate's mean and log standard deviation, the latter that of 0.5 at least."""
        return _moments(data)

    def fitted(self, x: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
        """Leave the values as they are."""
        return x


class LogitNormal(Likelihood):
    r"""Coordinates in (0, 1) whose logits are normal.

    .. math:: \ln p(x) = \sum_i \ln N(\operatorname{logit} x_i; m_i, s_i^2) - \ln x_i - \ln(1-x_i)

    Rezende & Mohamed (2015, section 6.3) use it for CIFAR-10, with pixels in [ε, 1−ε] and
    ε = 1e-4, to which ``fitted`` brings those of [0, 1]. The density is of the squeezed pixels, and
    depends on ε, on the scale and on whether levels are dequantized (``datasets.dequantize``): the
    densities of two settings are not to be compared.
    The mean has no closed form; ``mean`` gives the median.

    Args:
        scale: what s_i is. "free": the decoder's output, so that it depends on z; "pixel": a
            parameter of its own for each coordinate, the same for all z; or "one".
        dim: D; for scale "pixel" alone.
        margin: ε, between 0 and 1/2.

    Attributes:
        raw_log_scale: shape (D,), before it is bounded; None unless the scale is "pixel".

    Raises:
        InputError: if there is no such scale, the margin is not in (0, 1/2), or ``dim`` is missing.

    Example:
        >>> import jax.numpy as jnp
        >>> from fluvial.amortized import LogitNormal
        >>> LogitNormal().log_prob(jnp.array([0.5]), jnp.array([0.0, 0.0])).round(3).item()
        0.467...
        >>> LogitNormal("one").log_prob(jnp.array([0.5]), jnp.array([0.0])).round(3).item()
        0.467...
    """

    raw_log_scale: Float[Array, " D"] | None
    size: int = eqx.field(static=True)
    scale: str = eqx.field(static=True)
    margin: float = eqx.field(static=True)
    name: str = eqx.field(static=True, default="logit-normal", init=False)

    def __init__(self, scale: str = "free", *, dim: int | None = None, margin: float = _MARGIN):
        if scale not in SCALES:
            raise InputError(f'no scale is called "{scale}": choose one of {", ".join(SCALES)}.')
        if (dim is not None) != (scale == "pixel"):
            raise InputError(f'scale="{scale}", dim={dim}: give dim with the scale "pixel" alone.')
        if not 0.0 < margin < 0.5:
            raise InputError(f"margin={margin}: give a number between 0 and 0.5.")
        self.scale, self.margin = scale, margin
        self.size = 2 if scale == "free" else 1
        self.raw_log_scale = None if dim is None else jnp.zeros(dim, jnp.float32)

    def log_prob(self, x: Float[Array, " D"], parameters: Float[Array, " n"]) -> Float[Array, ""]:
        """Ln p(x | m, ln s), in nats."""
        log_x, log_rest = jnp.log(x), jnp.log1p(-x)
        m, log_s = self._location_and_log_scale(parameters)
        return _normal_log_prob(log_x - log_rest, m, log_s) - jnp.sum(log_x + log_rest)

    def mean(self, parameters: Float[Array, " n"]) -> Float[Array, " D"]:
        """The medians, sigmoid(m)."""
        return jax.nn.sigmoid(self._location_and_log_scale(parameters)[0])

    def sample(self, key: PRNGKeyArray, parameters: Float[Array, " n"]) -> Float[Array, " D"]:
        """Draw logits and map them to (0, 1)."""
        return jax.nn.sigmoid(_normal_sample(key, *self._location_and_log_scale(parameters)))

    def start(self, data: Float[np.ndarray, "N D"]) -> Float[np.ndarray, " n"]:
        """Mean of each coordinate's logit, and its log standard deviation where that is free.

        The latter is that of 0.5 at least.
        """
        moments = _moments(np.log(data) - np.log1p(-data))
        return moments[: self.size * data.shape[1]]

    def fitted(self, x: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
        """Squeeze [0, 1] to [ε, 1−ε]."""
        return self.margin + (1 - 2 * self.margin) * x

    def _location_and_log_scale(self, parameters: Float[Array, " n"]) -> tuple[Array, Array]:
        if self.scale == "free":
            return _location_and_log_scale(parameters)
        if self.raw_log_scale is None:
            return parameters, jnp.zeros_like(parameters)
        return parameters, smoothly_bounded(self.raw_log_scale, _MAX_LOG_SCALE, _MAX_LOG_SCALE)


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
    return {} if found == {"scale": "free", "margin": _MARGIN} else found


def _location_and_log_scale(parameters: Float[Array, " n"]) -> tuple[Array, Array]:
    m, raw = jnp.split(parameters, 2)
    return m, smoothly_bounded(raw, _MAX_LOG_SCALE, _MAX_LOG_SCALE)


def _normal_log_prob(x: Array, m: Array, log_s: Array) -> Float[Array, ""]:
    return jnp.sum(-0.5 * ((x - m) * jnp.exp(-log_s)) ** 2 - log_s) - 0.5 * LOG_2PI * x.size


def _normal_sample(key: PRNGKeyArray, m: Array, log_s: Array) -> Float[Array, " D"]:
    return m + jnp.exp(log_s) * jax.random.normal(key, m.shape, m.dtype)


def _moments(data: Float[np.ndarray, "N D"]) -> Float[np.ndarray, " n"]:
    data = data.astype(np.float64)
    log_s = np.log(np.clip(data.std(0), _LEAST_START, math.exp(_MAX_LOG_SCALE - 1)))
    raw = _MAX_LOG_SCALE * np.arctanh(log_s / _MAX_LOG_SCALE)  # before it is bounded
    return np.concatenate([data.mean(0), raw])
