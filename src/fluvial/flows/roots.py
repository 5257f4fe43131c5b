"""The one equation that planar and Sylvester flows have to solve to be inverted."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

__all__ = ["tanh_root", "tanh_slope"]

_MOST_STEPS = 100


@jax.custom_jvp
def tanh_root(k: Float[Array, ""], r: Float[Array, ""]) -> Float[Array, ""]:
    r"""Solve :math:`s + (k - 1) \tanh s = r` for s, given k > 0.

    The left side g increases, :math:`g'(s) = k\,\mathrm{sech}^2 s + \tanh^2 s > 0`, and is odd:
    it is enough to solve for :math:`|r|`, where s ≥ 0. There tanh is concave, and
    :math:`\tanh s \le \min(s, 1)` puts the root between r/k and r − k + 1:

    * for k ≥ 1, g is concave and the root is above both. Newton's method started from the
      larger stays below the root, and rises to it;
    * for k < 1, g is convex and the root is below both. Started from the smaller it stays above
      the root, and falls to it.

    So no bracket is needed, and rounding has been reached when a step no longer goes the way
    that it must. Gradients come from the implicit function theorem,

    .. math:: ds = \frac{dr - \tanh(s)\,dk}{k\,\mathrm{sech}^2 s + \tanh^2 s}

    in forward and reverse mode, to any order.

    Args:
        k: the slope at the origin, positive.
        r: the right side.

    Returns:
        s, to machine precision.

    Example:
        >>> import jax.numpy as jnp
        >>> from fluvial.flows.roots import tanh_root
        >>> s = tanh_root(jnp.array(2.0), jnp.array(1.0))
        >>> bool(jnp.isclose(s + jnp.tanh(s), 1.0))
        True
    """
    magnitude = jnp.abs(r)
    rising = k >= 1
    bounds = jnp.stack([magnitude / k, magnitude - (k - 1)])
    start = jnp.where(rising, bounds.max(), bounds.min())
    sign = jnp.where(rising, jnp.ones_like(r), -jnp.ones_like(r))

    def step_from(s: Array) -> Array:
        t = jnp.tanh(s)
        return sign * (magnitude - s - (k - 1) * t) / tanh_slope(k, t)

    def unfinished(state: tuple[Array, Array, Array]) -> Array:
        s, step, count = state
        return (step > 2 * jnp.finfo(s.dtype).eps * s) & (count < _MOST_STEPS)

    def advance(state: tuple[Array, Array, Array]) -> tuple[Array, Array, Array]:
        s, step, count = state
        s = s + sign * step
        return s, step_from(s), count + 1

    first = (start, step_from(start), jnp.zeros((), jnp.int32))
    s, _, _ = jax.lax.while_loop(unfinished, advance, first)
    return jnp.sign(r) * s


@tanh_root.defjvp
def _tanh_root_jvp(primals, tangents):
    (k, r), (dk, dr) = primals, tangents
    s = tanh_root(k, r)
    t = jnp.tanh(s)
    return s, (dr - t * dk) / tanh_slope(k, t)


def tanh_slope(k: Float[Array, "*shape"], t: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
    r"""The slope :math:`k\,\mathrm{sech}^2 s + \tanh^2 s` where tanh s = t: no term is negative.

    Example:
        >>> import jax.numpy as jnp
        >>> from fluvial.flows.roots import tanh_slope
        >>> float(tanh_slope(jnp.array(3.0), jnp.array(0.0)))
        3.0
    """
    return k * (1 - t**2) + t**2
