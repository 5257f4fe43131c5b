"""What is measured of the deep networks, several seeds at once."""

from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np

from fluvial.compiling import compiled
from fluvial.datasets.labeled import labeled_digits
from fluvial.reproduction import Record
from fluvial.studies.vanishing_gradient.network import ACTIVATIONS, initialize
from fluvial.studies.vanishing_gradient.training import (
    Digits,
    draw_batches,
    norms_at_start,
    train,
)

__all__ = ["KINDS", "Kind", "kind_name", "measure_start", "measure_training"]

_KEPT = 100  # steps at which the norms are kept

Kind = tuple[str, bool]
"""An activation, and whether there are skip connections."""

KINDS: Sequence[Kind] = [(name, skip) for name in ACTIVATIONS for skip in (False, True)]


def kind_name(kind: Kind) -> str:
    """Name a kind of network.

    Example:
        >>> kind_name(("tanh", True))
        'tanh-skip'
    """
    activation, skip = kind
    return f"{activation}-{'skip' if skip else 'plain'}"


def measure_training(kind: Kind, depth: int, steps: int, seeds: Sequence[int]) -> Record:
    """Train networks of one kind, a seed each, and keep the losses and the gradients' norms.

    Args:
        kind: of the networks.
        depth: how many hidden layers.
        steps: of training.
        seeds: decide the weights and the batches, the same for every kind.
    """
    digits, test = _digits()
    activation, skip = kind
    parameters, batches = _starts(depth, steps, len(digits.images), seeds)
    trained = _train_each(parameters, batches, digits, test, activation, skip)
    losses = np.asarray(trained.losses)
    values = {
        "activation": activation,
        "skip": skip,
        "depth": depth,
        "accuracy": np.asarray(trained.accuracy),
        "steps_not_finite": np.sum(~np.isfinite(losses), axis=1),
    }
    kept = np.unique(np.linspace(0, steps - 1, min(steps, _KEPT)).astype(int))
    arrays = {"losses": losses, "steps": kept, "norms": np.asarray(trained.norms)[:, kept]}
    return Record(values, arrays)


def measure_start(depths: Sequence[int], seeds: Sequence[int]) -> Record:
    """Measure the norm of the first and of the last layer's gradient before any training.

    Args:
        depths: numbers of hidden layers.
        seeds: decide the weights, as in ``measure_training``.
    """
    digits, _ = _digits()
    parameters, _ = _starts(max(depths), 1, 1, seeds)
    arrays = {}
    for kind in KINDS:
        norms = np.asarray(_norms_each(parameters, jnp.asarray(depths), digits, *kind))
        arrays[kind_name(kind)] = norms[:, :, [0, -1]]
    return Record({"depths": list(depths)}, arrays)


@compiled
def _train_each(parameters, batches, digits, test, activation, skip):
    return jax.vmap(lambda p, b: train(p, b, digits, test, activation, skip))(parameters, batches)


@compiled
def _norms_each(parameters, depths, digits, activation, skip):
    def norms(p):
        return jax.lax.map(lambda d: norms_at_start(p, d, digits, activation, skip), depths)

    return jax.vmap(norms)(parameters)


@compiled
def _starts(depth, steps, count, seeds):
    def start(key):
        weights, batches = jax.random.split(key)
        return initialize(depth, weights), draw_batches(batches, steps, count)

    return jax.vmap(lambda seed: start(jax.random.key(seed)))(jnp.asarray(seeds))


def _digits() -> tuple[Digits, Digits]:
    found = labeled_digits()
    return _rows(found.train, found.train_labels), _rows(found.test, found.test_labels)


def _rows(images: np.ndarray, labels: np.ndarray) -> Digits:
    pixels = images.reshape(len(images), -1) / np.float32(255)
    return Digits(jnp.asarray(pixels), jnp.asarray(labels))
