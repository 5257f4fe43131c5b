"""Adam behind a clip on the running median of the gradient's norm, fused by hand."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float, Int, PyTree, Scalar

from fluvial.training.clipping import CLIP, SKIP, measured, no_norms

__all__ = ["AdamState", "adam"]

_EPS = 1e-8  # Kingma & Ba 2015


class AdamState(NamedTuple):
    """What ``adam`` remembers.

    Attributes:
        first: running mean of the gradients, a tree like the parameters.
        second: running mean of their squares.
        norms: of the latest gradients, newest first; inf where there was none.
        taken: steps that moved the parameters.
        skipped: steps that were left out, since the gradient was absurdly long or not finite.
    """

    first: PyTree
    second: PyTree
    norms: Float[Array, " window"]
    taken: Int[Array, ""]
    skipped: Int[Array, ""]


def adam(
    learning_rate: float | Scalar,
    b1: float = 0.9,
    b2: float = 0.999,
    clip: float = CLIP,
    skip: float = SKIP,
) -> optax.GradientTransformation:
    r"""Adam (Kingma & Ba 2015, algorithm 1) behind the clip of ``clip_by_running_median``.

    With g the clipped gradient and t the number of steps that were not left out,

    .. math:: m \leftarrow \beta_1 m + (1 - \beta_1) g, \quad
              v \leftarrow \beta_2 v + (1 - \beta_2) g^2, \quad
              u = -\eta \frac{m / (1 - \beta_1^t)}{\sqrt{v / (1 - \beta_2^t)} + 10^{-8}}

    It does what ``clip_by_running_median(optax.adam(learning_rate, b1, b2))`` does. That one keeps
    the old state next to the new one to choose between them, and a training step of three million
    parameters then takes a fifth longer.

    Args:
        learning_rate: the step size, η.
        b1: decay of the running mean of gradients.
        b2: decay of the running mean of their squares.
        clip: see ``clip_by_running_median``, as for the next one.
        skip: see there.

    Example:
        >>> from fluvial.training import train_steps
        >>> def loss(x, key):
        ...     return jnp.sum((x - 3.0) ** 2)
        >>> x, _ = train_steps(loss, jnp.zeros(2), adam, 0.1, jax.random.key(0), steps=200)
        >>> bool(jnp.allclose(x, 3.0, atol=0.01))
        True
    """

    def init(params: PyTree) -> AdamState:
        # the state may be donated: no two of its buffers may be one
        first, second = (jax.tree.map(jnp.zeros_like, params) for _ in range(2))
        taken, skipped = (jnp.zeros((), jnp.int32) for _ in range(2))
        return AdamState(first, second, no_norms(params), taken, skipped)

    def update(updates, state, params=None):
        del params
        keep, factor, norms = measured(updates, state.norms, clip, skip)
        taken = state.taken + keep.astype(jnp.int32)
        count = jnp.maximum(taken, 1).astype(norms.dtype)
        step, shrink = learning_rate / (1 - b1**count), 1 / (1 - b2**count)

        def move(g, m, v):
            # Written so that each of the three is one loop over memory: nothing else costs here.
            g = jnp.where(keep, g * factor.astype(g.dtype), 0)
            m = jnp.where(keep, b1 * m + (1 - b1) * g, m)
            v = jnp.where(keep, b2 * v + (1 - b2) * g**2, v)
            change = step.astype(g.dtype) * m / (jnp.sqrt(v * shrink.astype(g.dtype)) + _EPS)
            return jnp.where(keep, -change, 0), m, v

        moved = jax.tree.map(move, updates, state.first, state.second)
        outer, inner = (jax.tree.structure(tree) for tree in (updates, (0, 0, 0)))
        change, first, second = jax.tree.transpose(outer, inner, moved)
        skipped = state.skipped + (~keep).astype(jnp.int32)
        return change, AdamState(first, second, norms, taken, skipped)

    return optax.GradientTransformation(init, update)
