"""Smooth bounds for quantities that go into an exponential."""

import math

import jax.numpy as jnp
from jaxtyping import Array, Float

__all__ = ["SOFTPLUS_IS_ONE", "flatly_bounded", "smoothly_bounded"]

SOFTPLUS_IS_ONE = math.log(math.e - 1)
"""Where softplus is 1: the start of a positive number that begins at 1."""


def smoothly_bounded(
    raw: Float[Array, "*shape"], lower: float, upper: float
) -> Float[Array, "*shape"]:
    r"""Map R onto (−lower, upper), increasing, with slope 1 and no curvature at 0.

    .. math:: s = B \tanh(s_\mathrm{raw} / B), \qquad B = \text{upper if } s_\mathrm{raw} > 0
        \text{ else lower}

    Since tanh″(0) = 0 the two branches meet with two continuous derivatives, whatever the
    bounds. A clip would stop the gradient; an unbounded exponent overflows and the fit with it.

    Args:
        raw: any real numbers, any shape.
        lower: how far below zero the result may go, positive.
        upper: how far above zero the result may go, positive.

    Returns:
        The bounded numbers, shape and dtype of ``raw``.

    Example:
        >>> import jax.numpy as jnp
        >>> from fluvial.flows.bounds import smoothly_bounded
        >>> smoothly_bounded(jnp.array([-1e6, 0.0, 1e6]), 2.0, 0.5)
        Array([-2. ,  0. ,  0.5], dtype=float32)
    """
    bound = jnp.asarray(upper, raw.dtype)
    if lower != upper:  # every layer of a RealNVP calls this: skip the select if both are equal
        bound = jnp.where(raw > 0, bound, jnp.asarray(lower, raw.dtype))
    return bound * jnp.tanh(raw / bound)


def flatly_bounded(raw: Float[Array, "*shape"], bound: float) -> Float[Array, "*shape"]:
    r"""Map R onto (−bound, bound), increasing, and almost the identity up to half of it.

    .. math:: s = s_\mathrm{raw} \left[1 + (s_\mathrm{raw}/B)^8\right]^{-1/8}

    There tanh has bent a number by 8 %, and this by 0.05 %. Where a thousand coordinates share a
    scale that is linear in a head, what bends it is paid for a thousand times.

    Args:
        raw: any real numbers, any shape.
        bound: B, positive.

    Returns:
        The bounded numbers, shape and dtype of ``raw``.

    Example:
        >>> import jax.numpy as jnp
        >>> from fluvial.flows.bounds import flatly_bounded
        >>> flatly_bounded(jnp.array([-1e30, 0.0, 1.0]), 2.0).round(4)
        Array([-2.    ,  0.    ,  0.9995], dtype=float32)
    """
    share = raw / bound
    outside = jnp.abs(share) > 1.0
    power = jnp.where(outside, 1.0 / jnp.where(outside, share, 1.0), share) ** 8
    # Inside nothing is divided and multiplied again, which would cost a rounding each.
    return jnp.where(outside, bound * jnp.sign(raw), raw) * (1.0 + power) ** -0.125
