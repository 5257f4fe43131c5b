"""Adam behind a clip on the running median of the gradient's norm, for a tree of parameters."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

__all__ = ["Moments", "adam_step", "start_moments"]

_WINDOW = 64
_CLIP, _SKIP = 2.0, 10.0
_DECAY_1, _DECAY_2, _EPS = 0.9, 0.999, 1e-8


class Moments(NamedTuple):
    """What the optimizer remembers.

    Attributes:
        first: running mean of the gradients, a tree like the parameters.
        second: running mean of their squares.
        norms: of the latest gradients, newest first; inf where there was none.
        taken: steps that moved the parameters.
        skipped: steps that were left out, since the gradient was absurdly long or not finite.
    """

    first: Any
    second: Any
    norms: Float[Array, " window"]
    taken: Int[Array, ""]
    skipped: Int[Array, ""]


def start_moments(parameters: Any) -> Moments:
    """Return the state before the first step."""
    zeros = jax.tree.map(jnp.zeros_like, parameters)
    count = jnp.zeros((), jnp.int32)
    again = jax.tree.map(jnp.zeros_like, parameters)  # buffers are donated: none may be shared
    norms = jnp.full(_WINDOW, jnp.inf, jnp.float32)
    return Moments(zeros, again, norms, count, jnp.zeros_like(count))


def adam_step(
    parameters: Any, gradient: Any, moments: Moments, rate: Float[Array, ""]
) -> tuple[Any, Moments]:
    r"""Take one step of Adam (Kingma & Ba 2015, algorithm 1), or none.

    A gradient longer than twice the median norm of the last 64 is scaled to that length; one
    longer than ten times the median, or not finite, is skipped: a few bad draws then cost one
    step and not the training.

    Args:
        parameters: a tree of floating arrays.
        gradient: a tree like it.
        moments: from ``start_moments``, or the last step.
        rate: the step size.

    Returns:
        The parameters and the state after the step.
    """
    norm = jnp.sqrt(sum(jnp.sum(leaf**2) for leaf in jax.tree.leaves(gradient)))
    keep, factor = _clipping(norm, moments.norms)
    taken = moments.taken + keep.astype(jnp.int32)
    count = jnp.maximum(taken, 1).astype(norm.dtype)
    step = rate / (1 - _DECAY_1**count)
    shrink = 1 / (1 - _DECAY_2**count)

    def move(p, g, m, v):
        # Written so that each of the three is one loop over memory: nothing else costs here.
        g = jnp.where(keep, g * factor, 0)
        m_new = jnp.where(keep, _DECAY_1 * m + (1 - _DECAY_1) * g, m)
        v_new = jnp.where(keep, _DECAY_2 * v + (1 - _DECAY_2) * g**2, v)
        change = step * m_new / (jnp.sqrt(v_new * shrink) + _EPS)
        return jnp.where(keep, p - change, p), m_new, v_new

    moved = jax.tree.map(move, parameters, gradient, moments.first, moments.second)
    parts = jax.tree.transpose(jax.tree.structure(parameters), jax.tree.structure((0, 0, 0)), moved)
    newest = jnp.where(jnp.isfinite(norm), norm, moments.norms[0])
    norms = jnp.concatenate([newest[None], moments.norms[:-1]])
    skipped = moments.skipped + 1 - keep.astype(jnp.int32)
    return parts[0], Moments(parts[1], parts[2], norms, taken, skipped)


def _clipping(
    norm: Float[Array, ""], norms: Float[Array, " window"]
) -> tuple[Bool[Array, ""], Float[Array, ""]]:
    """Whether to keep a gradient, and what to multiply it with."""
    # Until half the window is filled the median is inf, and nothing is clipped.
    median = jnp.median(norms)
    keep = jnp.isfinite(norm) & (norm <= _SKIP * median)
    return keep, jnp.where(norm > _CLIP * median, _CLIP * median / norm, 1.0)
