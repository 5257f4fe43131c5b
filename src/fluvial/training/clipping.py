"""A clip on the running median of the gradient's norm, around any optax rule."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Bool, Float, Int, PyTree

__all__ = ["CLIP", "SKIP", "ClippedState", "clip_by_running_median", "measured", "no_norms"]

CLIP, SKIP = 2.0, 10.0
_WINDOW = 64


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
    rule: optax.GradientTransformation, clip: int | float = CLIP, skip: int | float = SKIP
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
        return ClippedState(inner.init(params), no_norms(params), jnp.zeros((), jnp.int32))

    def update(updates, state, params=None, **extra):
        keep, factor, norms = measured(updates, state.norms, clip, skip)
        clipped = jax.tree.map(lambda g: jnp.where(keep, g * factor.astype(g.dtype), 0), updates)
        moved, after = inner.update(clipped, state.rule, params, **extra)
        moved = _chosen(keep, moved, jax.tree.map(jnp.zeros_like, moved))
        skipped = state.skipped + (~keep).astype(jnp.int32)
        return moved, ClippedState(_chosen(keep, after, state.rule), norms, skipped)

    return optax.GradientTransformationExtraArgs(init, update)


def no_norms(params: PyTree) -> Float[Array, " window"]:
    """Return the norms before the first step."""
    return jnp.full(_WINDOW, jnp.inf, jnp.result_type(*jax.tree.leaves(params)))


def measured(
    gradient: PyTree, norms: Float[Array, " window"], clip: int | float, skip: int | float
) -> tuple[Bool[Array, ""], Float[Array, ""], Float[Array, " window"]]:
    """Whether to keep a gradient, what to multiply it by, and the norms with its own."""
    squares = jnp.asarray(sum(jnp.sum(leaf**2) for leaf in jax.tree.leaves(gradient)))
    norm = jnp.sqrt(squares).astype(norms.dtype)
    # Until half the window is filled the median is inf, and nothing is clipped.
    median = jnp.median(norms)
    keep = jnp.isfinite(norm) & (norm <= skip * median)
    factor = jnp.where(norm > clip * median, clip * median / norm, 1.0)
    newest = jnp.where(jnp.isfinite(norm), norm, norms[0])
    return keep, factor, jnp.concatenate([newest[None], norms[:-1]])


def _chosen(keep: Bool[Array, ""], one: PyTree, other: PyTree) -> PyTree:
    return jax.tree.map(lambda a, b: jnp.where(keep, a, b), one, other)
