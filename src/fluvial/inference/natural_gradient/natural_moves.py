r"""One natural-gradient move of all scales and shifts of a sparse flow, from a batch of scores.

Of a sparse flow without networks every scale and shift is linear in a few heads, and the
Fisher information of all of them falls apart into one small block for each coordinate. With f the
flow, a change of its parameters moves the point of a draw as a displacement δz(z) of the draw
itself would, and

.. math:: \partial\,\mathrm{ELBO} = E[r(z) \cdot \delta z], \qquad
          r(z) = \nabla_z [\ln p(f(z)) + \ln|\det f'(z)|] + z

where r is zero for every draw once f is right, so that moves lose their noise as they arrive (Amari
1998, Neural Computation 10, 251; the path gradient is Roeder et al. 2017). A parameter that moves
coordinate j by δz_j = a + b z_j, a and b functions of the other coordinates, has with another one
the Fisher information

.. math:: F = E[a a' + 2 b b'].
"""

from typing import Any, NamedTuple, final

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from fluvial.flows import Chain, Flow
from fluvial.flows.leading import Leading
from fluvial.flows.linear import Diagonal, Triangular
from fluvial.flows.sparse_modulation import SparseModulation
from fluvial.inference.settings import DEFAULT, NaturalSettings

__all__ = ["Look", "Modulated", "moved", "solved"]

_RIDGE = 1e-3  # arithmetic: of the Fisher information's own scale, for heads that hardly move
_BLOCK = 512  # memory: coordinates at once


class Modulated(NamedTuple):
    """What one modulation did to a batch: heads as it sees them, log scales and shifts."""

    heads: Float[np.ndarray, "K H"]
    log_scale: Float[np.ndarray, "K rest"]
    shift: Float[np.ndarray, "K rest"]


class Look(NamedTuple):
    """A batch of draws of a flow.

    Attributes:
        z: base draws.
        log_weights: ln p − ln q, in nats.
        scores: r, see above.
        layers: what each modulation did to them.
    """

    z: Float[np.ndarray, "K D"]
    log_weights: Float[np.ndarray, " K"]
    scores: Float[np.ndarray, "K D"]
    layers: list[Modulated]


def moved(
    flow: Any, look: Look, share: float, settings: NaturalSettings = DEFAULT.natural
) -> Chain:
    """Move every parameter, in the layers that ``fluvial.flows.sparse`` puts together."""
    layers: list[Any] = list(flow.flows)
    seen = list(look.layers)
    led = isinstance(layers[0], Leading)
    by_hubs = seen.pop(0) if led else None
    by_heads = seen.pop(0) if seen else None
    hubs = by_hubs.heads.shape[1] if by_hubs else 0
    first_rest = by_heads.heads.shape[1] if by_heads else hubs
    headed = _Solved(look, share, by_hubs, settings)
    heads = headed.moves(np.arange(hubs, first_rest))
    rest = headed.moves(np.arange(first_rest, flow.dim), by_heads, layers[-2])
    if led:
        layers[0] = _leading_moved(layers[0], look, hubs, share, settings)
        own = 2 * (1 + hubs)
        layers[1] = _modulation_moved(layers[1], np.concatenate([heads, rest[:own]], axis=1))
        rest = rest[own:]
    else:
        layers[0] = _diagonal_moved(layers[0], heads)
    if by_heads:
        layers[-2] = _modulation_moved(layers[-2], rest)
    return Chain(layers)


@final
class _Solved:
    """The moves of a batch.

    Args:
        look: at the batch.
        share: of a full step.
        by_hubs: what hubs do to all others, or None.
        settings: the thresholds.
    """

    def __init__(
        self, look: Look, share: float, by_hubs: Modulated | None, settings: NaturalSettings
    ):
        self._look, self._share, self._by_hubs = look, share, by_hubs
        self._settings = settings
        self._one = np.ones((1, len(look.z), 1))
        self._hubs = self._one
        if by_hubs:
            self._hubs = np.concatenate([self._one, by_hubs.heads.T[:, :, None]])

    def moves(
        self, columns: np.ndarray, by_heads: Modulated | None = None, layer: Flow | None = None
    ) -> Float[np.ndarray, "P n"]:
        """Moves of the shifts and of the log scales: of hubs' layer, then of heads'."""
        count = max(-(-len(columns) // _BLOCK), 1)
        blocks = np.array_split(columns, count)
        return np.concatenate([self._moves(block, by_heads, layer) for block in blocks], axis=1)

    def _moves(self, columns, by_heads, layer):
        none = np.zeros((len(self._look.z), len(columns)))
        log_scale, shift, fields = none, none, []
        if self._by_hubs:
            at = columns - (self._look.z.shape[1] - self._by_hubs.shift.shape[1])
            log_scale, shift = self._by_hubs.log_scale[:, at], self._by_hubs.shift[:, at]
            fields.append(_fields(self._hubs, none, none, log_scale))
        elif by_heads is None:
            fields.append(_fields(self._one, none, none, none))
        if by_heads is not None and layer is not None:
            at = columns - by_heads.heads.shape[1]
            basis = by_heads.heads[:, np.asarray(layer.parents)[at, 0]][None]
            if not self._by_hubs:
                basis = np.concatenate([np.broadcast_to(self._one, basis.shape), basis])
            fields.append(_fields(basis, log_scale, shift, by_heads.log_scale[:, at]))
        a, b = (np.concatenate(part) for part in zip(*fields, strict=True))
        z, scores = self._look.z[:, columns], self._look.scores[:, columns]
        return solved(z, scores, a, b, self._share, self._settings)


def _fields(basis, log_scale_before, shift_before, log_scale):
    """Displacements a + b z of the shifts, then of the log scales, that are linear in a basis."""
    shape = (len(basis), *log_scale.shape)
    basis = np.broadcast_to(basis, shape)
    a = [basis * np.exp(-log_scale_before - log_scale)]
    a.append(basis * (shift_before * np.exp(-log_scale_before)))
    return np.concatenate(a), np.concatenate([np.zeros(shape), basis])


def solved(
    z: Float[np.ndarray, "K n"],
    r: Float[np.ndarray, "K n"],
    a: Float[np.ndarray, "P K n"],
    b: Float[np.ndarray, "P K n"],
    share: float,
    settings: NaturalSettings = DEFAULT.natural,
) -> Float[np.ndarray, "P n"]:
    """Natural gradients of parameters that displace z by a + b z, no longer than they may be.

    Args:
        z: draws of N(0, 1) of some coordinates.
        r: their scores, see above.
        a: of each parameter.
        b: likewise.
        share: of a full step.
        settings: the thresholds, among them how long a displacement may be.
    """
    count, pull = len(z), z * r
    fisher = np.einsum("pkn,qkn->npq", a, a) + 2.0 * np.einsum("pkn,qkn->npq", b, b)
    fisher = fisher / count + 1e-300
    own = np.sqrt(np.einsum("npp->np", fisher))
    scaled = fisher / (own[:, :, None] * own[:, None, :]) + _RIDGE * np.eye(len(a))
    gradient = (np.einsum("pkn,kn->np", a, r) + np.einsum("pkn,kn->np", b, pull)) / count
    move = np.linalg.solve(scaled, (gradient / own)[:, :, None])[:, :, 0]
    move *= _stretch(1.0 - pull.mean(axis=0), settings.flattest)[:, None]
    size = np.sqrt(np.einsum("np,npq,nq->n", move, scaled, move))
    move *= (share * np.minimum(1.0, settings.farthest / np.maximum(size, 1e-300)))[:, None]
    return (move / own).T


def _stretch(curvature: Float[np.ndarray, " n"], flattest: float) -> Float[np.ndarray, " n"]:
    """How far to go where p is narrower than q, or wider, rather than nearly as wide.

    From N(0, 1) to N(0, 1/h) a log scale moves by −½ ln h, and its natural gradient is ½ (1 − h).
    """
    h = np.maximum(curvature, flattest)
    wider = -np.log(h) / np.where(h < 1.0, np.maximum(1.0 - h, 1e-6), 1.0)
    return np.where(h < 1.0, np.maximum(wider, 1.0), 1.0 / h)


def _modulation_moved(layer: SparseModulation, moves: Float[np.ndarray, "P rest"]) -> Flow:
    """Add moves of shifts and log scales: of the constant, where there is one, and of slopes."""
    moves = moves.reshape(2, -1, moves.shape[1])
    slopes = moves[:, -layer.shortcut.shape[2] :].transpose(0, 2, 1)
    if moves.shape[1] > layer.shortcut.shape[2]:
        constant = layer.constant + jnp.asarray(moves[:, 0], layer.constant.dtype)
        layer = eqx.tree_at(lambda f: f.constant, layer, constant)
    slopes = layer.shortcut + jnp.asarray(slopes, layer.shortcut.dtype)
    return eqx.tree_at(lambda f: f.shortcut, layer, slopes)


def _diagonal_moved(layer: Diagonal, moves: Float[np.ndarray, "2 heads"]) -> Diagonal:
    """Move the first coordinates."""
    moved = jnp.zeros((2, layer.dim), layer.shift.dtype).at[:, : moves.shape[1]].set(moves)
    shift = layer.shift + layer.scale() * moved[0]
    return eqx.tree_at(
        lambda f: (f.shift, f.raw_log_scale), layer, (shift, layer.raw_log_scale + moved[1])
    )


def _leading_moved(
    layer: Leading, look: Look, hubs: int, share: float, settings: NaturalSettings
) -> Leading:
    """Shift, shear and scale the hubs, each given those before it."""
    z, r = look.z[:, :hubs], look.scores[:, :hubs]
    shift, matrix = np.zeros(hubs), np.eye(hubs)
    for h in range(hubs):
        one = np.ones((1, len(z), 1))
        a = np.concatenate([one, z[:, :h].T[:, :, None], 0.0 * one])
        b = np.concatenate([np.zeros((h + 1, len(z), 1)), one])
        move = solved(z[:, h : h + 1], r[:, h : h + 1], a, b, share, settings)[:, 0]
        shift[h], matrix[h, :h], matrix[h, h] = move[0], move[1 : h + 1], np.exp(move[-1])
    within: Any = layer.flow
    moved = Chain([*within.flows[:-1], _sheared(within.flows[-1], matrix, shift)])
    return eqx.tree_at(lambda f: f.flow, layer, moved)


def _sheared(layer: Triangular, matrix: np.ndarray, shift: np.ndarray) -> Triangular:
    """The triangular map after another one."""
    own = np.tril(np.asarray(layer.lower, float), -1) + np.diag(layer.scale())
    return layer.of(own @ matrix, np.asarray(layer.shift, float) + own @ shift)
