"""Training and testing the network: a whole epoch is one compiled program."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Float32, Int32, PRNGKeyArray

from fluvial.studies.cnn_pil.network import Network
from fluvial.training import TrainingState, scan_steps, start_state, step_sizes
from fluvial.xla import filter_jit

__all__ = ["BATCH", "count_right", "one_cycle", "start", "train_epoch"]

BATCH = 128
_PEAK = 3e-3
_RISE = 0.3  # of all steps
_TESTED_AT_ONCE = 500


def one_cycle(steps: int) -> Float32[np.ndarray, " steps"]:
    """Return step sizes that rise to 0.003 in three tenths of the steps, then fall, as cosines.

    Smith & Topin, "Super-convergence", arXiv 1708.07120.

    Example:
        >>> (1e4 * one_cycle(11)).round().tolist()[::2]
        [8.0, 30.0, 26.0, 18.0, 8.0, 1.0]
    """
    schedule = optax.cosine_onecycle_schedule(steps + 1, _PEAK, _RISE)
    return np.asarray(step_sizes(schedule, np.arange(1, steps + 1)))


def start(side: int, key: PRNGKeyArray) -> TrainingState:
    """Return a fresh network for pictures of a side, ready to train."""
    return start_state(Network(side, key), optax.adam)


@filter_jit
def train_epoch(
    state: TrainingState,
    images: Float32[Array, "N side side"],
    labels: Int32[Array, " N"],
    key: PRNGKeyArray,
    rates: Float32[np.ndarray | Array, " steps"],
) -> tuple[TrainingState, Float32[Array, " steps"]]:
    """Go through the pictures in a random order, in batches of 128, by Adam.

    Args:
        state: where training is; its parameters are the network.
        images: in [0, 1].
        labels: the digit that each shows.
        key: decides the order.
        rates: the step size of each batch; a whole epoch has N // 128 batches. The last, smaller
            batch is left out; another order leaves out others.

    Returns:
        The state after it, and the mean cross-entropy of each batch, in nats.
    """
    steps = len(rates)
    order = jax.random.permutation(key, len(images))[: steps * BATCH].reshape(steps, BATCH)

    def loss(network, key, rows):
        return _cross_entropy(network, images[rows], labels[rows])

    return scan_steps(loss, state, optax.adam, jnp.asarray(rates), key, order)


@filter_jit
def count_right(
    network: Network, images: Float32[Array, "N side side"], labels: Int32[Array, " N"]
) -> Int32[Array, ""]:
    """Count the pictures whose digit has the largest logit."""
    predicted = jax.lax.map(lambda x: network(x).argmax(), images, batch_size=_TESTED_AT_ONCE)
    return (predicted == labels).sum(dtype=jnp.int32)


def _cross_entropy(network: Network, images, labels) -> Float32[Array, ""]:
    logits = jax.vmap(network)(images)
    return optax.softmax_cross_entropy_with_integer_labels(logits, labels).mean()
