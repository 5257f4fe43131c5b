"""The scales and shifts of hubs and heads, handed over to the Gaussian that whitens their target.

What a layer sees of the heads is bounded, far out in units of their standard deviation, and the
step sizes of training are in these units, too. So where a flow has learned that a head is wider
than was thought, the Gaussian is made wider instead, and the same flow is written in the new units.
"""

from typing import Any

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from fluvial.flows import Chain
from fluvial.flows.leading import Leading
from fluvial.flows.linear import Diagonal, Triangular
from fluvial.flows.sparse_modulation import SparseModulation
from fluvial.posterior.diagonal_gaussian import DiagonalGaussian

__all__ = ["absorbed", "placed"]


def absorbed(flow: Any, gaussian: DiagonalGaussian) -> tuple[Chain, DiagonalGaussian]:
    """Return the same density with hubs and heads of scale 1 and shift 0 in the flow.

    Args:
        flow: as ``sparse_flow`` builds it, without networks.
        gaussian: that whitens its target.
    """
    layers: list[Any] = list(flow.flows)
    led = isinstance(layers[0], Leading)
    hubs = layers[1].heads if led else 0
    last = layers[-2] if isinstance(layers[-2], SparseModulation) else None
    inputs = hubs if last is None else last.heads
    scale, shift = np.ones(inputs), np.zeros(inputs)
    if led:
        layers[0], scale[:hubs], shift[:hubs] = _leading(layers[0])
        layers[1], scale[hubs:], shift[hubs:] = _first(
            layers[1], scale[:hubs], shift[:hubs], inputs
        )
    else:
        layers[0], scale, shift = _diagonal(layers[0], inputs)
    if last is not None:
        layers[-2] = _in_units(last, scale, shift)
    where = np.asarray(layers[-1].inverse_order)[:inputs]
    mean, sd = gaussian.mean.copy(), gaussian.sd.copy()
    mean[where] += sd[where] * shift
    sd[where] *= scale
    return Chain(layers), DiagonalGaussian(mean, sd)


def placed(flow: Any, gaussian: DiagonalGaussian) -> DiagonalGaussian:
    """Return where the flow puts each coordinate, and how wide, with hubs and heads in the middle.

    Args:
        flow: as ``absorbed`` returns it.
        gaussian: that whitens its target.
    """
    shift, log_scale = np.zeros(flow.dim), np.zeros(flow.dim)
    for layer in flow.flows:
        if isinstance(layer, SparseModulation):
            constant = np.asarray(layer.constant, float)
            shift[layer.heads :] = np.exp(constant[1]) * shift[layer.heads :] + constant[0]
            log_scale[layer.heads :] += constant[1]
    order = np.asarray(flow.flows[-1].order)  # pyright: ignore[reportAttributeAccessIssue]
    mean = gaussian.mean + gaussian.sd * shift[order]
    return DiagonalGaussian(mean, gaussian.sd * np.exp(log_scale[order]))


def _leading(layer: Leading) -> tuple[Leading, np.ndarray, np.ndarray]:
    """Make each row of the hubs' matrix have the norm 1: hubs are then as wide as their units."""
    triangular: Triangular = layer.flow.flows[-1]  # pyright: ignore[reportAttributeAccessIssue]
    matrix = np.tril(np.asarray(triangular.lower, float), -1) + np.diag(triangular.scale())
    scale, shift = np.linalg.norm(matrix, axis=1), np.asarray(triangular.shift, float)
    moved = triangular.of(matrix / scale[:, None], np.zeros(len(scale)))
    return eqx.tree_at(lambda f: f.flow.flows[-1], layer, moved), scale, shift


def _first(
    layer: SparseModulation, scale: np.ndarray, shift: np.ndarray, inputs: int
) -> tuple[SparseModulation, np.ndarray, np.ndarray]:
    """Hubs' layer in new units, without the constants of the heads."""
    layer, heads = _in_units(layer, scale, shift), inputs - layer.heads
    constant, shortcut = (np.array(a, float) for a in (layer.constant, layer.shortcut))
    own_shift, own_scale = constant[0, :heads].copy(), np.exp(constant[1, :heads])
    shortcut[0, :heads] /= own_scale[:, None]
    constant[:, :heads] = 0.0
    return _with(layer, constant, shortcut), own_scale, own_shift


def _diagonal(layer: Diagonal, inputs: int) -> tuple[Diagonal, np.ndarray, np.ndarray]:
    scale, shift = (np.asarray(a, float)[:inputs] for a in (layer.scale(), layer.shift))
    cleared = (layer.shift.at[:inputs].set(0.0), layer.raw_log_scale.at[:inputs].set(0.0))
    layer = eqx.tree_at(lambda f: (f.shift, f.raw_log_scale), layer, cleared)
    return layer, scale, shift


def _in_units(layer: SparseModulation, scale: np.ndarray, shift: np.ndarray) -> SparseModulation:
    """What is linear in heads, in heads of another unit and origin."""
    constant, shortcut = (np.array(a, float) for a in (layer.constant, layer.shortcut))
    parents = np.asarray(layer.parents)
    constant += np.sum(shortcut * shift[parents], axis=2)
    return _with(layer, constant, shortcut * scale[parents])


def _with(
    layer: SparseModulation,
    constant: Float[np.ndarray, "2 rest"],
    shortcut: Float[np.ndarray, "2 rest m"],
) -> SparseModulation:
    dtype = layer.constant.dtype
    return eqx.tree_at(
        lambda f: (f.constant, f.shortcut),
        layer,
        (jnp.asarray(constant, dtype), jnp.asarray(shortcut, dtype)),
    )
