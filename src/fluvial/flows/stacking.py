"""How layers become a flow of many: repeated, coupled, autoregressive, or the other way around."""

import functools
import inspect
from collections.abc import Callable
from typing import Any

import jax
from jaxtyping import DTypeLike, PRNGKeyArray

from fluvial.flows.autoregressive import Autoregressive
from fluvial.flows.coupling import Coupling
from fluvial.flows.flow import Chain, Flow, Inverted, Stacked
from fluvial.flows.permutation import Permutation, riffled_orders
from fluvial.flows.riffle import riffle_for
from fluvial.flows.transformers import Transformer

__all__ = ["autoregressive", "couplings", "inverted", "single", "stacked", "transformed"]


def stacked(layer: Callable[..., Flow]) -> Callable[..., Flow]:
    """Repeat a layer that is made from its own key."""

    def build(dim: int, layers: int, *, key: PRNGKeyArray, dtype: DTypeLike) -> Flow:
        keys = jax.random.split(key, layers)
        return Stacked([layer(dim, key=layer_key, dtype=dtype) for layer_key in keys])

    return build


def single(layer: Callable[..., Flow]) -> Callable[..., Flow]:
    """Make one layer in which nothing is random."""

    def build(dim: int, *, key: PRNGKeyArray, dtype: DTypeLike) -> Flow:
        del key
        return layer(dim, dtype=dtype)

    return build


def couplings(tau: Transformer, dim: int, layers: int, key: PRNGKeyArray, **network: Any) -> Flow:
    """Couplings with a riffle after each, and at last back to the first order."""
    keys = jax.random.split(key, layers)
    coupled = [Coupling(tau, dim, key=layer_key, **network) for layer_key in keys]
    riffle, order = riffle_for(dim, layers)
    shuffled = Stacked([Chain([coupling, riffle]) for coupling in coupled])
    return Chain([shuffled, Permutation(order)])


def autoregressive(
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


def transformed(
    layers_of: Callable[..., Flow], transformer: Callable[..., Transformer]
) -> Callable[..., Flow]:
    """Make layers whose networks say what a transformer does; its options are theirs, too.

    Args:
        layers_of: ``couplings`` or ``autoregressive``.
        transformer: the class.
    """

    def build(
        dim: int,
        layers: int,
        *,
        key: PRNGKeyArray,
        dtype: DTypeLike,
        width: int = 64,
        depth: int = 2,
        **options: Any,
    ) -> Flow:
        tau = transformer(**options)
        return layers_of(tau, dim, layers, key, width=width, depth=depth, dtype=dtype)

    *own, _ = inspect.signature(build).parameters.values()
    options = inspect.signature(transformer).parameters.values()
    named = [option.replace(kind=option.KEYWORD_ONLY) for option in options]
    # So that ``inspect.signature`` tells which options there are, and what they are by default.
    build.__signature__ = inspect.Signature([*own, *named])  # pyright: ignore[reportFunctionMemberAccess]
    return build


def inverted(build: Callable[..., Flow]) -> Callable[..., Flow]:
    """Make the inverses of what a builder makes."""

    @functools.wraps(build)
    def build_inverted(*args: Any, **kwargs: Any) -> Flow:
        return Inverted(build(*args, **kwargs))

    return build_inverted
