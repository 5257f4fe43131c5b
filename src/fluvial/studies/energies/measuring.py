"""What is measured of trained flows, in float64: the KL divergence, and densities on a grid."""

import math
from typing import NamedTuple, TypeVar, cast

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from fluvial.flows import Chain, Flow, Stacked
from fluvial.flows.precision import as_float64
from fluvial.objectives import base_log_prob
from fluvial.targets.examples.energies import energy, log_normalizer
from fluvial.xla import filter_jit

__all__ = [
    "AXIS_END",
    "EnergyFit",
    "densities",
    "layer_densities",
    "measure",
    "one_seed",
    "true_density",
]

AXIS_END = 4.0
"""The pictures show the square from -4 to 4, as the paper's do."""

_CHUNK = 512
_AnyFlow = TypeVar("_AnyFlow", bound=Flow)


class EnergyFit(NamedTuple):
    """How close each of S flows is to an energy's density.

    Attributes:
        kl: ln Z - ELBO = KL(q || p), in nats, shape (S,).
        kl_se: its standard error, shape (S,).
        right: the share of draws with z1 > 0, shape (S,).
        nonfinite: draws without a finite density, left out of the others; shape (S,).
    """

    kl: np.ndarray
    kl_se: np.ndarray
    right: np.ndarray
    nonfinite: np.ndarray


def measure(flows: Flow, energy_name: str, draws: int) -> EnergyFit:
    """Measure S flows, each with its own draws.

    Args:
        flows: one flow whose arrays have a leading axis of length S.
        energy_name: "U1" to "U4".
        draws: how many from each flow; a multiple of 512.
    """
    log_z = log_normalizer(energy_name)
    with jax.enable_x64(True):
        log_weights, right = (np.asarray(a) for a in _draws(as_float64(flows), energy_name, draws))
    finite = np.isfinite(log_weights)
    counts = finite.sum(axis=1)
    kept = np.where(finite, log_weights, 0.0)
    elbo = kept.sum(axis=1) / counts
    squares = np.where(finite, log_weights - elbo[:, None], 0.0) ** 2
    se = np.sqrt(squares.sum(axis=1) / (counts - 1) / counts)
    return EnergyFit(log_z - elbo, se, right.mean(axis=1), draws - counts)


def densities(flow: Flow, points: int) -> Float[np.ndarray, "points points"]:
    """Evaluate a flow's density on the square, through its inverse; [i, j] is at (x_j, y_i)."""
    with jax.enable_x64(True):
        flow = as_float64(flow)
        return np.asarray(_on_grid(Chain([flow]), jnp.asarray(_grid(points)), None))


def layer_densities(flow: Chain, points: int) -> Float[np.ndarray, "layers points points"]:
    """Evaluate the density after the diagonal Gaussian, and after each of the K layers.

    Args:
        flow: `Diagonal`, then `Stacked` layers.
        points: along each axis.

    Returns:
        Shape (K + 1, points, points).
    """
    with jax.enable_x64(True):
        flow = as_float64(flow)
        layers = jax.tree.leaves(eqx.filter(flow.flows[1], eqx.is_array))[0].shape[0]
        grid = jnp.asarray(_grid(points))
        return np.stack(
            [np.asarray(_on_grid(flow, grid, jnp.asarray(k))) for k in range(layers + 1)]
        )


def true_density(energy_name: str, points: int) -> Float[np.ndarray, "points points"]:
    """Evaluate the normalized density of an energy on the square."""
    values = energy(energy_name).values(_grid(points)) - log_normalizer(energy_name)
    return np.exp(values).reshape(points, points)


def one_seed(flows: _AnyFlow, seed: int) -> _AnyFlow:
    """Take one flow out of several."""
    return jax.tree.map(lambda leaf: leaf[seed] if eqx.is_array(leaf) else leaf, flows)


def _grid(points: int) -> Float[np.ndarray, "n 2"]:
    axis = np.linspace(-AXIS_END, AXIS_END, points)
    return np.stack(np.meshgrid(axis, axis, indexing="xy"), -1).reshape(-1, 2)


@filter_jit
def _draws(flows, energy_name, draws):
    log_p = energy(energy_name).log_prob

    def chunk(flow, key):
        z = jax.random.normal(key, (_CHUNK, 2), jnp.float64)
        x, log_det = jax.vmap(flow.forward)(z)
        log_q = jax.vmap(base_log_prob)(z) - log_det
        return jax.vmap(log_p)(x) - log_q, x[:, 0] > 0

    def one(flow, key):
        keys = jax.random.split(key, draws // _CHUNK)
        log_weights, right = jax.lax.map(lambda key: chunk(flow, key), keys)
        return log_weights.reshape(-1), right.reshape(-1)

    seeds = jax.tree.leaves(eqx.filter(flows, eqx.is_array))[0].shape[0]
    keys = jax.random.split(jax.random.key(2), seeds)
    return eqx.filter_vmap(one, in_axes=(eqx.if_array(0), 0))(flows, keys)


@filter_jit
def _on_grid(flow: Chain, grid, layers: Array | None):
    """Return densities through the inverse of the first ``layers`` layers, or of all of them."""

    def density(x):
        if layers is None:
            z, log_det = flow.inverse(x)
        else:
            z, log_det = _inverse_of_first(flow, layers, x)
        return jnp.exp(base_log_prob(z) + log_det)

    points = math.isqrt(grid.shape[0])
    return jax.lax.map(density, grid, batch_size=grid.shape[0] // points).reshape(points, points)


def _inverse_of_first(flow: Chain, layers: Array, x: Float[Array, " 2"]):
    """Invert the diagonal and the first layers; passing over the others compiles just once."""
    start, stack = cast(tuple[Flow, Stacked], flow.flows)
    arrays, static = eqx.partition(stack.layers, eqx.is_array)
    total = jax.tree.leaves(arrays)[0].shape[0]

    def step(carry, inputs):
        point, log_det = carry
        layer_arrays, i = inputs
        back, term = eqx.combine(layer_arrays, static).inverse(point)
        kept = i < layers
        return (jnp.where(kept, back, point), log_det + jnp.where(kept, term, 0.0)), None

    first = (x, jnp.zeros((), x.dtype))
    (point, log_det), _ = jax.lax.scan(step, first, (arrays, jnp.arange(total)), reverse=True)
    z, term = start.inverse(point)
    return z, log_det + term
