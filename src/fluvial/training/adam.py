"""Adam behind a clip on the running median of the gradient's norm."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Bool, Float, Int, PyTree, Scalar

__all__ = ["ClippedState", "adam", "clip_by_running_median"]

_WINDOW, _CLIP, _SKIP = 64, 2.0, 10.0


class ClippedState(NamedTuple):
    """What ``clip_by_running_median`` remembers.

    Attributes:
        rule: the state of the rule behind the clip.
        norms: of the latest gradients, newest first; inf where there was none.
        skipped: steps that were left out.
    """

    rule: PyTree
    norms: Float[Array, " window"]
    skipped: Int[Array, ""]


def clip_by_running_median(
    rule: optax.GradientTransformation, clip: int | float = _CLIP, skip: int | float = _SKIP
) -> optax.GradientTransformationExtraArgs:
    r"""Scale long gradients down, and leave out the steps of those that are absurd.

    With m the median norm of the last 64 gradients, the rule is given

    .. math:: g \min(1, \text{clip} \cdot m / \|g\|)

    and where ‖g‖ is more than ``skip`` times m, or not finite, the step is left out: neither the
    parameters nor the rule's state change, and ``skipped`` counts it. A few bad draws then cost one
    step and not the training. Before half of the 64 are known, only what is not finite is left out.
    The rule is that of fab-jax (Midgley et al. 2023, arXiv 2208.01893), which skips from 20 medians
    on and takes the median of 100.

    Args:
        rule: what to do with the gradient, such as ``optax.adamw(1e-3)``.
        clip: a longer gradient, as a multiple of the median norm, is scaled down to this.
        skip: a longer one is left out.

    Example:
        >>> rule = clip_by_running_median(optax.sgd(1.0))
        >>> state = rule.init(jnp.zeros(2))
        >>> update, state = rule.update(jnp.array([jnp.nan, 1.0]), state)
        >>> update, state.skipped.item()
        (Array([0., 0.], dtype=float32), 1)
    """
    inner = optax.with_extra_args_support(rule)

    def init(params: PyTree) -> ClippedState:
        dtype = jnp.result_type(*jax.tree.leaves(params))
        norms = jnp.full(_WINDOW, jnp.inf, dtype)
        return ClippedState(inner.init(params), norms, jnp.zeros((), jnp.int32))

    def update(updates, state, params=None, **extra):
        squares = sum(jnp.sum(leaf**2) for leaf in jax.tree.leaves(updates))
        norm = jnp.sqrt(squares).astype(state.norms.dtype)
        median = jnp.median(state.norms)
        keep = jnp.isfinite(norm) & (norm <= skip * median)
        factor = jnp.where(norm > clip * median, clip * median / norm, 1.0)
        clipped = jax.tree.map(lambda g: jnp.where(keep, g * factor.astype(g.dtype), 0), updates)
        moved, after = inner.update(clipped, state.rule, params, **extra)
        moved = _chosen(keep, moved, jax.tree.map(jnp.zeros_like, moved))
        newest = jnp.where(jnp.isfinite(norm), norm, state.norms[0])
        norms = jnp.concatenate([newest[None], state.norms[:-1]])
        skipped = state.skipped + (~keep).astype(jnp.int32)
        return moved, ClippedState(_chosen(keep, after, state.rule), norms, skipped)

    return optax.GradientTransformationExtraArgs(init, update)


def adam(
    learning_rate: float | Scalar, b1: float = 0.9, b2: float = 0.999
) -> optax.GradientTransformationExtraArgs:
    """Adam (Kingma & Ba 2015, algorithm 1) behind ``clip_by_running_median``.

    Args:
        learning_rate: the step size.
        b1: decay of the running mean of gradients.
        b2: decay of the running mean of their squares.

    Example:
        >>> from fluvial.training import train_steps
        >>> def loss(x, key):
        ...     return jnp.sum((x - 3.0) ** 2)
        >>> train_steps(loss, jnp.zeros(2), adam, 0.1, jax.random.key(0), steps=1)[0].round(4)
        Array([0.1, 0.1], dtype=float32)
    """
    return clip_by_running_median(optax.adam(learning_rate, b1, b2))


def _chosen(keep: Bool[Array, ""], one: PyTree, other: PyTree) -> PyTree:
    return jax.tree.map(lambda a, b: jnp.where(keep, a, b), one, other)
