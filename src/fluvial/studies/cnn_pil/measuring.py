"""What is measured of the two ways, with Pillow and without: seconds, accuracy, pixels."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from fluvial.datasets.labeled import LabeledImages
from fluvial.reproduction import Record
from fluvial.studies.cnn_pil.images import from_arrays, from_png, to_png
from fluvial.studies.cnn_pil.training import (
    BATCH,
    count_right,
    one_cycle,
    start,
    train_epoch,
)
from fluvial.training import TrainingState

__all__ = ["WAYS", "accuracy_gain", "measure", "time_ratio"]

WAYS = ("pillow", "arrays")

_PERCENT = 100.0


def measure(data: LabeledImages, side: int, epochs: int, seed: int) -> Record:
    """Train the same network twice, on pictures that went through Pillow and on raw arrays.

    Both start from the same parameters and see the pictures in the same order. They take turns,
    epoch by epoch, so that a busy moment of the machine hits both; the compiled program is the
    same, and is compiled before any time is taken.

    Args:
        data: pictures with their labels.
        side: of the pictures that the network takes, in pixels.
        epochs: how often each picture is seen.
        seed: decides the parameters at the start and the order of the pictures.
    """
    train, loading = _loaded(data.train, side)
    test, _ = _loaded(data.test, side)
    trained = _train_in_turns(train, data.train_labels, side, epochs, seed)
    networks = {way: state.parameters for way, state in trained.states.items()}
    test_labels = jnp.asarray(data.test_labels)
    right = {way: int(count_right(networks[way], test[way], test_labels)) for way in WAYS}
    apart = np.abs(np.asarray(train["pillow"]) - np.asarray(train["arrays"]))
    values = {
        "data": data.name,
        "pictures": len(data.train),
        "tested": len(data.test),
        "side": side,
        "resized": data.train.shape[1:] != (side, side),
        "loading_seconds": loading,
        "training_seconds": trained.seconds,
        "training_cpu_seconds": trained.cpu_seconds,
        "accuracy": {way: _PERCENT * count / len(data.test) for way, count in right.items()},
        "largest_pixel_difference": float(apart.max()),
        "mean_pixel_difference": float(apart.mean()),
    }
    return Record(values, {f"loss_{way}": np.concatenate(trained.losses[way]) for way in WAYS})


def accuracy_gain(values: Mapping[str, Any]) -> float:
    """Return by how many points the raw arrays are more accurate."""
    return values["accuracy"]["arrays"] - values["accuracy"]["pillow"]


def time_ratio(values: Mapping[str, Any]) -> float:
    """Return how long training on pictures from Pillow takes, over that on raw arrays.

    In seconds of the processor, which another process's load does not inflate as it does those on
    the wall; the median over epochs of the ratio of neighbors in time.
    """
    with_pillow, without = (values["training_cpu_seconds"][way] for way in WAYS)
    return float(np.median(np.divide(with_pillow, without)))


def _loaded(images: np.ndarray, side: int) -> tuple[dict[str, jax.Array], dict[str, float]]:
    """Load the same pictures both ways, not counting that they are encoded and code compiled."""
    files = to_png(images)
    from_arrays(images, side)
    ways: dict[str, Callable[[], np.ndarray]] = {
        "pillow": lambda: from_png(files, side),
        "arrays": lambda: from_arrays(images, side),
    }
    loaded, seconds = {}, {}
    for way, load in ways.items():
        begun = time.perf_counter()
        loaded[way] = jnp.asarray(load())
        seconds[way] = time.perf_counter() - begun
    return loaded, seconds


class _TrainedNetwork(NamedTuple):
    """The networks, and what each epoch of either way gave: losses, seconds, CPU seconds."""

    states: dict[str, TrainingState]
    losses: dict[str, list[np.ndarray]]
    seconds: dict[str, list[float]]
    cpu_seconds: dict[str, list[float]]


def _train_in_turns(
    images: Mapping[str, jax.Array], labels: np.ndarray, side: int, epochs: int, seed: int
) -> _TrainedNetwork:
    rates = one_cycle(epochs * (len(labels) // BATCH)).reshape(epochs, -1)
    start_key, *order_keys = jax.random.split(jax.random.key(seed), 1 + epochs)
    start_state, numbers = start(side, start_key), jnp.asarray(labels)
    train_epoch(start_state, images["pillow"], numbers, start_key, rates[0])[1].block_until_ready()
    done = _TrainedNetwork(dict.fromkeys(WAYS, start_state), {}, {}, {})
    for each in done[1:]:
        each.update((way, []) for way in WAYS)
    for epoch, key in enumerate(order_keys):
        for way in _order(epoch):
            begun, cpu_begun = time.perf_counter(), time.process_time()
            state, loss = train_epoch(done.states[way], images[way], numbers, key, rates[epoch])
            done.losses[way].append(np.asarray(loss))
            done.seconds[way].append(time.perf_counter() - begun)
            done.cpu_seconds[way].append(time.process_time() - cpu_begun)
            done.states[way] = state
    return done


def _order(epoch: int) -> Sequence[str]:
    """Begin with the other one in every second epoch, so that neither is always first."""
    return WAYS if epoch % 2 == 0 else WAYS[::-1]
