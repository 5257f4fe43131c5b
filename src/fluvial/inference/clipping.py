"""Gradient clipping on a running median of the norms."""

from typing import NamedTuple

import jax.numpy as jnp
import optax
from jaxtyping import Array, Float

__all__ = ["clip_by_running_median"]

_WINDOW = 64


class _State(NamedTuple):
    norms: Float[Array, " window"]  # of the latest updates, newest first; inf where there was none


def clip_by_running_median(clip: float = 2.0, skip: float = 10.0) -> optax.GradientTransformation:
    """Scale long gradients down, and leave out those that are absurd.

    A gradient longer than ``clip`` times the median norm of the last 64 is scaled to that length;
    one longer than ``skip`` times the median, or not finite, becomes zero. A few bad draws then
    cost one step and not the fit (the rule of fab-jax, Midgley et al. 2023).

    Example:
        >>> rule = clip_by_running_median()
        >>> state = rule.init(jnp.zeros(2))
        >>> for _ in range(3):
        ...     update, state = rule.update(jnp.ones(2), state)
        >>> rule.update(jnp.array([jnp.nan, 1.0]), state)[0]
        Array([0., 0.], dtype=float32)
    """

    def init(params) -> _State:
        return _State(jnp.full(_WINDOW, jnp.inf, params.dtype))

    def update(updates, state, params=None):
        del params
        norm = jnp.linalg.norm(updates)
        finite = jnp.isfinite(norm)
        # Until half the window is filled the median is inf, and nothing is clipped.
        median = jnp.median(state.norms)
        factor = jnp.where(norm > clip * median, clip * median / norm, 1.0)
        keep = finite & (norm <= skip * median)
        clipped = jnp.where(keep, updates * jnp.where(keep, factor, 0.0), 0.0)
        newest = jnp.where(finite, norm, state.norms[0])
        norms = jnp.concatenate([newest[None], state.norms[:-1]])
        return clipped, _State(norms)

    return optax.GradientTransformation(init, update)  # pyright: ignore[reportArgumentType]
