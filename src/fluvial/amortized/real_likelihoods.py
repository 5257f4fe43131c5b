"""Likelihoods of real and of bounded values, both normal: as they are, or in their logits."""

import math

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray

from fluvial.amortized.likelihood_base import Likelihood
from fluvial.constants import LOG_2PI
from fluvial.errors import InputError
from fluvial.flows.bounds import smoothly_bounded

__all__ = ["MARGIN", "SCALES", "LogitNormal", "Normal"]

MARGIN = 1e-4
"""ε of Rezende & Mohamed (2015, section 6.3)."""

SCALES = ("free", "pixel", "one")
"""What the scale of ``LogitNormal`` depends on."""

_MAX_LOG_SCALE = 7.0
"""Scales stay between exp(−7) and exp(7): what lets no density of a constant pixel diverge."""

_LEAST_START = 0.5
"""A decoder's means differ by about 1 from datum to datum before it has learned anything: next to
that a pixel that is hardly ever anything but black would be astronomically unlikely."""


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

    def __init__(self, scale: str = "free", *, dim: int | None = None, margin: float = MARGIN):
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
