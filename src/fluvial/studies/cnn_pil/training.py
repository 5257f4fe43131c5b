"""Training and testing the network: a whole epoch is one compiled program."""

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Float32, Int32, PRNGKeyArray

from fluvial.studies.cnn_pil.network import Network

__all__ = ["BATCH", "State", "count_right", "one_cycle", "start", "train_epoch"]

BATCH = 128
_PEAK = 3e-3
_RISE = 0.3  # of all steps
_TESTED_AT_ONCE = 500
_ADAM = optax.scale_by_adam()


class State(NamedTuple):
    """The network and its optimizer's state, between two epochs."""

    network: Network
    optimizer: optax.OptState


def one_cycle(steps: int) -> Float32[np.ndarray, " steps"]:
    """Return step sizes that rise to 0.003 in three tenths of the steps, then fall, as cosines.

    Smith & Topin, "Super-convergence", arXiv 1708.07120.

    Example:
        >>> (1e4 * one_cycle(11)).round().tolist()[::2]
        [5.0, 28.0, 28.0, 19.0, 8.0, 1.0]
    """
    done = np.linspace(0.0, 1.0, steps + 2)[1:-1]
    share = np.where(done < _RISE, done / _RISE, (1.0 - done) / (1.0 - _RISE))
    return (_PEAK * 0.5 * (1.0 - np.cos(np.pi * share))).astype(np.float32)


def start(side: int, key: PRNGKeyArray) -> State:
    """Return a fresh network for pictures of a side, ready to train."""
    network = Network(side, key)
    return State(network, _ADAM.init(eqx.filter(network, eqx.is_array)))


@eqx.filter_jit
def train_epoch(
    state: State,
    images: Float32[Array, "N side side"],
    labels: Int32[Array, " N"],
    key: PRNGKeyArray,
    rates: Float32[np.ndarray | Array, " steps"],
) -> tuple[State, Float32[Array, " steps"]]:
    """Go through the pictures in a random order, in batches of 128, by Adam.

    Args:
        state: where training is.
        images: in [0, 1].
        labels: the digit that each shows.
        key: decides the order.
        rates: the step size of each batch; a whole epoch has N // 128 batches. The last, smaller
            batch is left out; another order leaves out others.

    Returns:
        The state after it, and the mean cross-entropy of each batch, in nats.
    """
    parameters, static = eqx.partition(state.network, eqx.is_array)
    steps = len(rates)
    order = jax.random.permutation(key, len(images))[: steps * BATCH].reshape(steps, BATCH)

    def step(carry, rows_and_rate):
        parameters, optimizer = carry
        rows, rate = rows_and_rate

        def loss(parameters):
            return _cross_entropy(eqx.combine(parameters, static), images[rows], labels[rows])

        value, gradient = jax.value_and_grad(loss)(parameters)
        # optax raises a Python float to an integer power, which strict promotion forbids.
        with jax.numpy_dtype_promotion("standard"):
            direction, optimizer = _ADAM.update(gradient, optimizer)
        parameters = jax.tree.map(lambda p, d: p - rate * d, parameters, direction)
        return (parameters, optimizer), value

    carry, losses = jax.lax.scan(step, (parameters, state.optimizer), (order, rates))
    return State(eqx.combine(carry[0], static), carry[1]), losses


@eqx.filter_jit
def count_right(
    network: Network, images: Float32[Array, "N side side"], labels: Int32[Array, " N"]
) -> Int32[Array, ""]:
    """Count the pictures whose digit has the largest logit."""
    predicted = jax.lax.map(lambda x: network(x).argmax(), images, batch_size=_TESTED_AT_ONCE)
    return (predicted == labels).sum(dtype=jnp.int32)


def _cross_entropy(network: Network, images, labels) -> Float32[Array, ""]:
    logits = jax.vmap(network)(images)
    return optax.softmax_cross_entropy_with_integer_labels(logits, labels).mean()
