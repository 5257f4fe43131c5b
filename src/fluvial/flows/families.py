"""The names of the families of flows, and how each is made."""

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import numpy as np
from jaxtyping import DTypeLike, PRNGKeyArray

from fluvial.errors import InputError
from fluvial.flows.autoregressive import Autoregressive
from fluvial.flows.conjugated import Conjugated
from fluvial.flows.continuous import Continuous
from fluvial.flows.copula import copula
from fluvial.flows.coupling import Coupling
from fluvial.flows.flow import Chain, Flow, Inverted, Stacked
from fluvial.flows.heads_first import check_heads
from fluvial.flows.linear import Diagonal, Triangular
from fluvial.flows.margins import Margins
from fluvial.flows.mixtures import Mixtures
from fluvial.flows.modulated import modulated
from fluvial.flows.orthogonal import Householder, Orthogonal
from fluvial.flows.orthonormal import Frame, Orthogonalized, Reflected
from fluvial.flows.permutation import Permutation, riffled_orders
from fluvial.flows.planar import Planar
from fluvial.flows.radial import Radial
from fluvial.flows.riffle import riffle_for
from fluvial.flows.sinh_arcsinh import SinhArcsinh
from fluvial.flows.sparse import sparse
from fluvial.flows.spline import RationalQuadratic
from fluvial.flows.sylvester import Sylvester
from fluvial.flows.transformers import Additive, Affine, Transformer

__all__ = ["FAMILIES", "Family"]


class Family(NamedTuple):
    """A name's meaning.

    ``build(dim, layers, *, key, dtype, **options)`` makes the flow; the options are its other
    keyword arguments, whose defaults say whether they are whole numbers.
    ``layers`` is the number of layers where the text gives none; None for a family that has
    one layer by nature.

    Example:
        >>> from fluvial.flows.families import FAMILIES
        >>> FAMILIES["realnvp"].layers
        8
    """

    build: Callable[..., Flow]
    layers: int | None = None


def _stacked(layer: Callable[..., Flow]) -> Callable[..., Flow]:
    """Repeat a layer that is made from its own key."""

    def build(dim: int, layers: int, *, key: PRNGKeyArray, dtype: DTypeLike) -> Flow:
        keys = jax.random.split(key, layers)
        return Stacked([layer(dim, key=layer_key, dtype=dtype) for layer_key in keys])

    return build


def _single(layer: Callable[..., Flow]) -> Callable[..., Flow]:
    """Make one layer in which nothing is random."""

    def build(dim: int, *, key: PRNGKeyArray, dtype: DTypeLike) -> Flow:
        del key
        return layer(dim, dtype=dtype)

    return build


def _permutation(dim: int, *, key: PRNGKeyArray, dtype: DTypeLike) -> Flow:
    del dtype
    return Permutation(jax.random.permutation(key, dim))


def _nice(mixing: Callable[..., Flow]) -> Callable[..., Flow]:
    """NICE as in Rezende & Mohamed 2015: each layer has its own fixed random mixing."""

    def build(
        dim: int,
        layers: int,
        *,
        key: PRNGKeyArray,
        dtype: DTypeLike,
        width: int = 64,
        depth: int = 2,
    ) -> Flow:
        def layer(key):
            mixing_key, net_key = jax.random.split(key)
            mix = mixing(dim, key=mixing_key, dtype=dtype)
            coupling = Coupling(Additive(), dim, key=net_key, width=width, depth=depth, dtype=dtype)
            return Conjugated(coupling, mix)

        return Stacked([layer(layer_key) for layer_key in jax.random.split(key, layers)])

    return build


_Layers = Callable[..., Flow]  # (tau, dim, layers, key, **network)


def _couplings(tau: Transformer, dim: int, layers: int, key: PRNGKeyArray, **network: Any) -> Flow:
    """Couplings with a riffle after each, and at last back to the first order."""
    keys = jax.random.split(key, layers)
    couplings = [Coupling(tau, dim, key=layer_key, **network) for layer_key in keys]
    riffle, order = riffle_for(dim, layers)
    shuffled = Stacked([Chain([coupling, riffle]) for coupling in couplings])
    return Chain([shuffled, Permutation(order)])


def _autoregressive(
    tau: Transformer, dim: int, layers: int, key: PRNGKeyArray, **network: Any
) -> Flow:
    """Autoregressive layers that differ in the order of the coordinates."""
    orders = riffled_orders(dim, layers)
    keys = jax.random.split(key, layers)
    return Stacked(
        [
            Autoregressive(tau, Permutation(order), key=layer_key, **network)
            for order, layer_key in zip(orders, keys, strict=True)
        ]
    )


def _affine(layers_of: _Layers) -> Callable[..., Flow]:
    def build(
        dim: int,
        layers: int,
        *,
        key: PRNGKeyArray,
        dtype: DTypeLike,
        width: int = 64,
        depth: int = 2,
        max_shrink: float = 2.0,
        max_grow: float = 2.0,
    ) -> Flow:
        tau = Affine(max_shrink, max_grow)
        return layers_of(tau, dim, layers, key, width=width, depth=depth, dtype=dtype)

    return build


def _spline(layers_of: _Layers) -> Callable[..., Flow]:
    def build(
        dim: int,
        layers: int,
        *,
        key: PRNGKeyArray,
        dtype: DTypeLike,
        width: int = 64,
        depth: int = 2,
        bins: int = 8,
        bound: float = 6.0,
    ) -> Flow:
        tau = RationalQuadratic(bins, bound)
        return layers_of(tau, dim, layers, key, width=width, depth=depth, dtype=dtype)

    return build


def _inverted(build: Callable[..., Flow]) -> Callable[..., Flow]:
    @functools.wraps(build)
    def build_inverted(*args: Any, **kwargs: Any) -> Flow:
        return Inverted(build(*args, **kwargs))

    return build_inverted


def _sylvester(frame: Callable[..., Frame] = Reflected) -> Callable[..., Flow]:
    """M columns, as many as fit up to ``columns``."""

    def build(
        dim: int, layers: int, *, key: PRNGKeyArray, dtype: DTypeLike, columns: int = 32
    ) -> Flow:
        layer = functools.partial(Sylvester, columns=columns, frame=frame)
        return _stacked(layer)(dim, layers, key=key, dtype=dtype)

    return build


def _sylvester_householder(
    dim: int, layers: int, *, key: PRNGKeyArray, dtype: DTypeLike, reflections: int = 8
) -> Flow:
    """All D columns, from a few reflections."""
    frame = functools.partial(Reflected, reflections=reflections)
    layer = functools.partial(Sylvester, columns=dim, frame=frame)
    return _stacked(layer)(dim, layers, key=key, dtype=dtype)


def _continuous(
    dim: int, *, key: PRNGKeyArray, dtype: DTypeLike, width: int = 64, steps: int = 4
) -> Flow:
    return Continuous(dim, key=key, width=width, steps=steps, dtype=dtype)


def _copula(dim: int, *, key: PRNGKeyArray, dtype: DTypeLike) -> Flow:
    """The coordinates are independent until a fit gives it a matrix."""
    return copula(dim, dtype=dtype)


def _margins(
    dim: int, *, key: PRNGKeyArray, dtype: DTypeLike, bins: int = 128, bound: float = 6.0
) -> Flow:
    """Every coordinate is left as it is until a fit knows its margin."""
    del key
    if bins < 1 or not bound > 0.0:
        raise InputError(f"bins={bins}, bound={bound}: splines need a bin and a positive bound.")
    knots = np.tile(np.linspace(-bound, bound, bins + 1)[:, None], dim)
    return Margins(knots, knots, np.ones_like(knots), dtype=dtype)


def _mixtures(
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


def _modulated(
    dim: int, layers: int, *, key: PRNGKeyArray, dtype: DTypeLike, heads: int = 1, width: int = 32
) -> Flow:
    """The first coordinates are the heads, and every layer is in the coordinates' own basis."""
    head_key, layers_key = jax.random.split(key)
    check_heads(heads, dim)
    leading = _heads(heads, key=head_key, dtype=dtype)
    bases = [np.eye(dim - heads)] * layers
    return modulated(leading, bases, key=layers_key, width=width, dtype=dtype)


def _sparse(
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
        bent = _stacked(Planar)(1, 8, key=key, dtype=dtype)
        return Chain([SinhArcsinh(1, dtype=dtype), bent, Diagonal(1, dtype=dtype)])
    # Bounded closely: what these layers make of a far point, the others multiply.
    bent = _affine(_couplings)(
        count, 4, key=key, dtype=dtype, width=32, max_shrink=1.0, max_grow=0.5
    )
    return Chain([bent, Triangular(count, dtype=dtype)])


_NICE_PERM = Family(_nice(_permutation), layers=8)

FAMILIES: dict[str, Family] = {
    "continuous": Family(_continuous),
    "copula": Family(_copula),
    "diagonal": Family(_single(Diagonal)),
    "householder": Family(_stacked(Householder), layers=4),
    "iaf": Family(_affine(_autoregressive), layers=4),
    "iaf-spline": Family(_spline(_autoregressive), layers=2),
    "maf": Family(_inverted(_affine(_autoregressive)), layers=4),
    "maf-spline": Family(_inverted(_spline(_autoregressive)), layers=2),
    "margins": Family(_margins),
    "mixtures": Family(_mixtures),
    "modulated": Family(_modulated, layers=2),
    "nice": _NICE_PERM,
    "nice-orth": Family(_nice(Orthogonal), layers=8),
    "nice-perm": _NICE_PERM,
    "orthogonal": Family(Orthogonal),
    "permutation": Family(_permutation),
    "planar": Family(_stacked(Planar), layers=32),
    "radial": Family(_stacked(Radial), layers=8),
    "realnvp": Family(_affine(_couplings), layers=8),
    "sinh-arcsinh": Family(_single(SinhArcsinh)),
    "sparse": Family(_sparse),
    "spline": Family(_spline(_couplings), layers=6),
    "sylvester": Family(_sylvester(), layers=4),
    "sylvester-householder": Family(_sylvester_householder, layers=4),
    "sylvester-orth": Family(_sylvester(Orthogonalized), layers=4),
    "triangular": Family(_single(Triangular)),
}
"""The one place where a family gets its name."""
