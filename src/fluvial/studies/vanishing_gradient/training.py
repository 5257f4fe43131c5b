"""Training that writes down, at every step, the norm of the gradient in each layer."""

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float32, Int32, PRNGKeyArray

from fluvial.studies.vanishing_gradient.network import Parameters, logits
from fluvial.training import train_steps

__all__ = ["Digits", "TrainedNetworks", "draw_batches", "layer_norms", "norms_at_start", "train"]

_BATCH = 128
_RATE = 1e-3


class Digits(NamedTuple):
    """Pictures, one a row, from 0 to 1, and the digit that each shows."""

    images: Float32[Array, "N width"]
    labels: Int32[Array, " N"]


class TrainedNetworks(NamedTuple):
    """What training measured.

    Attributes:
        losses: the mean cross-entropy of each batch, in nats.
        norms: of the gradient of each layer's weights, that of the logits last.
        accuracy: the share of test pictures read right in the end.
    """

    losses: Float32[Array, " steps"]
    norms: Float32[Array, "steps layers"]
    accuracy: Float32[Array, ""]


def layer_norms(gradient: Parameters) -> Float32[Array, " layers"]:
    """Return the Frobenius norm of the gradient of each layer's weights, that of the logits last.

    Each is scaled by its largest entry before it is squared: the square of 1e-25 is zero in
    float32.

    Example:
        >>> from fluvial.studies.vanishing_gradient.network import initialize
        >>> tiny = jax.tree.map(lambda x: jnp.full_like(x, 1e-30), initialize(2, jax.random.key(0)))
        >>> print((layer_norms(tiny) * 1e30).round())
        [64. 64. 25.]
    """
    return jnp.append(jax.vmap(_norm)(gradient.weight), _norm(gradient.last_weight))


def norms_at_start(
    parameters: Parameters,
    active: Int32[Array, ""],
    digits: Digits,
    activation: str,
    skip: bool,
) -> Float32[Array, " layers"]:
    """Return ``layer_norms`` before any training, over all the pictures.

    Args:
        parameters: at the start.
        active: how many of the hidden layers are there; the others hand on what they are given.
            So one compiled program serves all depths.
        digits: pictures with labels.
        activation: one of ``ACTIVATIONS``.
        skip: whether each hidden layer adds its input to its output.
    """

    def loss(parameters):
        predict = partial(logits, parameters, activation=activation, skip=skip, active=active)
        return _cross_entropy(jax.vmap(predict)(digits.images), digits.labels)

    return layer_norms(jax.grad(loss)(parameters))


def draw_batches(key: PRNGKeyArray, steps: int, count: int) -> Int32[Array, "steps batch"]:
    """Draw which of ``count`` pictures each step learns from: 128, with replacement."""
    return jax.random.randint(key, (steps, _BATCH), 0, count, jnp.int32)


def train(
    parameters: Parameters,
    batches: Int32[Array, "steps batch"],
    digits: Digits,
    test: Digits,
    activation: str,
    skip: bool,
) -> TrainedNetworks:
    """Train one network by Adam, in one loop to be compiled.

    Args:
        parameters: at the start.
        batches: from ``draw_batches``.
        digits: to learn from.
        test: others.
        activation: one of ``ACTIVATIONS``.
        skip: whether each hidden layer adds its input to its output.
    """

    def predict(parameters, images):
        return jax.vmap(lambda pixels: logits(parameters, pixels, activation, skip))(images)

    def cross_entropy(parameters, rows):
        return _cross_entropy(predict(parameters, digits.images[rows]), digits.labels[rows])

    def loss(parameters, key, rows):
        here = jax.lax.stop_gradient(parameters)
        value, gradient = jax.value_and_grad(cross_entropy)(here, rows)
        # its gradient is what was just computed, and is not computed again
        steps = jax.tree.map(lambda g, p, q: jnp.sum(g * (p - q)), gradient, parameters, here)
        return value + sum(jax.tree.leaves(steps)), layer_norms(gradient)

    trained, (losses, norms) = train_steps(
        loss, parameters, optax.adam, _RATE, jax.random.key(0), batches=batches
    )
    right = predict(trained, test.images).argmax(axis=1) == test.labels
    return TrainedNetworks(losses, norms, right.astype(jnp.float32).mean())


def _cross_entropy(found, labels) -> Float32[Array, ""]:
    return optax.softmax_cross_entropy_with_integer_labels(found, labels).mean()


def _norm(matrix: Float32[Array, "..."]) -> Float32[Array, ""]:
    largest = jnp.abs(matrix).max()
    scale = jnp.where(largest > 0, largest, 1.0)
    return scale * jnp.sqrt(jnp.sum((matrix / scale) ** 2))
