"""Deep dense networks, with and without skip connections."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float32, Int32, PRNGKeyArray

from fluvial.errors import InputError

__all__ = ["ACTIVATIONS", "WIDTH", "Parameters", "initialize", "logits"]

ACTIVATIONS = {"sigmoid": jax.nn.sigmoid, "tanh": jnp.tanh, "relu": jax.nn.relu}

WIDTH = 64
"""Units in each hidden layer: as many as a digit has pixels, so that every layer can skip."""

_CLASSES = 10


class Parameters(NamedTuple):
    """The hidden layers, stacked, and the last one.

    Attributes:
        weight: of the hidden layers.
        bias: of the hidden layers.
        last_weight: from the last hidden layer to the logits.
        last_bias: of the logits.
    """

    weight: Float32[Array, "depth width width"]
    bias: Float32[Array, "depth width"]
    last_weight: Float32[Array, "width classes"]
    last_bias: Float32[Array, " classes"]


def initialize(depth: int, key: PRNGKeyArray) -> Parameters:
    """Draw weights uniformly, with the variance 2 / (fan in + fan out); biases are zero.

    Glorot & Bengio, "Understanding the difficulty of training deep feedforward neural networks",
    AISTATS 2010, eq. 16.

    Args:
        depth: how many hidden layers, at least 1.
        key: decides the weights.

    Raises:
        InputError: if there is no layer.

    Example:
        >>> initialize(5, jax.random.key(0)).weight.shape
        (5, 64, 64)
    """
    if depth < 1:
        raise InputError(f"a network of {depth} hidden layers has no depth: give at least 1.")
    glorot = jax.nn.initializers.glorot_uniform(batch_axis=0)
    hidden, last = jax.random.split(key)
    return Parameters(
        glorot(hidden, (depth, WIDTH, WIDTH), jnp.float32),
        jnp.zeros((depth, WIDTH), jnp.float32),
        jax.nn.initializers.glorot_uniform()(last, (WIDTH, _CLASSES), jnp.float32),
        jnp.zeros(_CLASSES, jnp.float32),
    )


def logits(
    parameters: Parameters,
    pixels: Float32[Array, " width"],
    activation: str,
    skip: bool,
    active: int | Int32[Array, ""] | None = None,
) -> Float32[Array, " classes"]:
    """Return the logits of the ten digits for one picture.

    A layer is h -> a(W h + b), or with a skip connection h -> h + a(W h + b): He et al., "Deep
    residual learning for image recognition", CVPR 2016.

    Args:
        parameters: from ``initialize``.
        pixels: of one picture.
        activation: one of ``ACTIVATIONS``.
        skip: add the input of each hidden layer to its output.
        active: how many hidden layers do anything, the first ones; by default all.

    Example:
        >>> parameters = initialize(5, jax.random.key(0))
        >>> logits(parameters, jnp.ones(64), "tanh", skip=True).shape
        (10,)
    """
    function = ACTIVATIONS[activation]
    depth = len(parameters.weight)
    works = jnp.arange(depth) < (depth if active is None else active)

    def layer(hidden, weight_bias_works):
        weight, bias, works = weight_bias_works
        output = function(hidden @ weight + bias)
        output = hidden + output if skip else output
        return jnp.where(works, output, hidden), None

    hidden, _ = jax.lax.scan(layer, pixels, (parameters.weight, parameters.bias, works))
    return hidden @ parameters.last_weight + parameters.last_bias
