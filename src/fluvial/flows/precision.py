"""A flow in another precision than the one that it was trained in."""

from typing import TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp

from fluvial.flows.flow import Flow

__all__ = ["as_float64"]

_Flow = TypeVar("_Flow", bound=Flow)


def as_float64(flow: _Flow) -> _Flow:
    """Return the same flow with its arrays in float64; within ``jax.enable_x64(True)``.

    Example:
        >>> import jax
        >>> from fluvial.flows import build_flow
        >>> with jax.enable_x64(True):
        ...     flow = as_float64(build_flow("planar", 2, key=jax.random.key(0), dtype="float32"))
        >>> {str(leaf.dtype) for leaf in jax.tree.leaves(flow)}
        {'float64'}
    """
    return jax.tree.map(
        lambda leaf: jnp.asarray(leaf, jnp.float64) if eqx.is_inexact_array(leaf) else leaf, flow
    )
