"""Flows of a structure that a fit finds: how they are before it has found one."""

import jax
import numpy as np
from jaxtyping import DTypeLike, PRNGKeyArray

from fluvial.errors import InputError
from fluvial.flows.copula import copula
from fluvial.flows.flow import Chain, Flow
from fluvial.flows.heads_first import check_heads
from fluvial.flows.linear import Diagonal, Triangular
from fluvial.flows.margins import Margins
from fluvial.flows.mixtures import Mixtures
from fluvial.flows.modulated import modulated
from fluvial.flows.planar import Planar
from fluvial.flows.sinh_arcsinh import SinhArcsinh
from fluvial.flows.sparse import sparse
from fluvial.flows.stacking import couplings, stacked, transformed
from fluvial.flows.transformers import Affine

__all__ = ["any_copula", "any_margins", "any_mixtures", "any_modulated", "any_sparse"]


def any_copula(dim: int, *, key: PRNGKeyArray, dtype: DTypeLike) -> Flow:
    """The coordinates are independent until a fit gives it a matrix."""
    return copula(dim, dtype=dtype)


def any_margins(
    dim: int, *, key: PRNGKeyArray, dtype: DTypeLike, bins: int = 128, bound: float = 6.0
) -> Flow:
    """Every coordinate is left as it is until a fit knows its margin."""
    del key
    if bins < 1 or not bound > 0.0:
        raise InputError(f"bins={bins}, bound={bound}: splines need a bin and a positive bound.")
    knots = np.tile(np.linspace(-bound, bound, bins + 1)[:, None], dim)
    return Margins(knots, knots, np.ones_like(knots), dtype=dtype)


def any_mixtures(
    dim: int,
    *,
    key: PRNGKeyArray,
    dtype: DTypeLike,
    groups: int = 1,
    size: int = 1,
    parts: int = 2,
) -> Flow:
    """Every group is N(0, I) until a fit knows its mixture."""
    del key
    if not 1 <= groups * size <= dim or parts < 1:
        raise InputError(
            f"groups={groups}, size={size}, parts={parts}: a mixture needs a part, and {dim} "
            "coordinates are enough for as many groups of that size at most."
        )
    roots = np.tile(np.eye(size), (groups, parts, 1, 1))
    members = np.arange(groups * size).reshape(groups, size)
    weights = np.full((groups, parts), 1.0 / parts)
    return Mixtures(dim, members, weights, np.zeros(roots.shape[:3]), roots, dtype=dtype)


def any_modulated(
    dim: int, layers: int, *, key: PRNGKeyArray, dtype: DTypeLike, heads: int = 1, width: int = 32
) -> Flow:
    """The first coordinates are the heads, and every layer is in the coordinates' own basis."""
    head_key, layers_key = jax.random.split(key)
    check_heads(heads, dim)
    leading = _heads(heads, key=head_key, dtype=dtype)
    bases = [np.eye(dim - heads)] * layers
    return modulated(leading, bases, key=layers_key, width=width, dtype=dtype)


def any_sparse(
    dim: int,
    *,
    key: PRNGKeyArray,
    dtype: DTypeLike,
    hubs: int = 0,
    heads: int = 1,
    parents: int = 1,
    width: int = 8,
) -> Flow:
    """The first coordinates are the hubs, then come the heads, each in turn a parent."""
    hub_key, layers_key = jax.random.split(key)
    check_heads(hubs + heads, dim)
    leading = None
    if hubs == 1:  # what comes after is enough for one alone
        leading = Chain([Triangular(1, dtype=dtype)])
    elif hubs:
        leading = _heads(hubs, key=hub_key, dtype=dtype)
    rest = dim - hubs - heads
    turns = hubs + np.arange(rest * parents).reshape(rest, parents) % max(heads, 1)
    parents_of = turns if heads else None
    return sparse(
        leading, parents_of, np.arange(dim), heads, key=layers_key, width=width, dtype=dtype
    )


def _heads(count: int, *, key: PRNGKeyArray, dtype: DTypeLike) -> Flow:
    """What the few heads have among themselves."""
    if count == 1:
        bent = stacked(Planar)(1, 8, key=key, dtype=dtype)
        return Chain([SinhArcsinh(1, dtype=dtype), bent, Diagonal(1, dtype=dtype)])
    # Bounded closely: what these layers make of a far point, the others multiply.
    bent = transformed(couplings, Affine)(
        count, 4, key=key, dtype=dtype, width=32, max_shrink=1.0, max_grow=0.5
    )
    return Chain([bent, Triangular(count, dtype=dtype)])
