"""A training step of the small convolutional network, beside eager PyTorch.

    python -m benchmarks.cnn_step

The network of the study ``cnn_pil`` on pictures of MNIST's size, batches of 128, Adam: a whole
epoch in one compiled loop, against the loop that PyTorch's tutorials write. Repetitions take turns,
so that a busy moment hits both; medians are printed. Needs PyTorch.
"""

import argparse
import time
from collections.abc import Callable, Sequence
from statistics import median

import jax
import jax.numpy as jnp
import numpy as np

from fluvial.studies.cnn_pil.training import BATCH, one_cycle, start, train_epoch

SIDE = 28

Epoch = Callable[[], None]


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.cnn_step",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--steps", type=int, default=20, help="a repetition (default 20)")
    parser.add_argument("--repetitions", type=int, default=5)
    options = parser.parse_args(arguments)
    rng = np.random.default_rng(0)
    images = rng.random((options.steps * BATCH, SIDE, SIDE), dtype=np.float32)
    labels = rng.integers(10, size=len(images)).astype(np.int32)
    epochs = {"fluvial": fluvial_epoch(images, labels), "PyTorch": torch_epoch(images, labels)}
    seconds: dict[str, list[float]] = {name: [] for name in epochs}
    for name, epoch in epochs.items():
        begun = time.perf_counter()
        epoch()
        print(f"{name:<10}first epoch {time.perf_counter() - begun:6.2f} s", flush=True)
    for _ in range(options.repetitions):
        for name, epoch in epochs.items():
            begun = time.perf_counter()
            epoch()
            seconds[name].append((time.perf_counter() - begun) / options.steps)
    theirs = median(seconds["PyTorch"])
    for name, each in seconds.items():
        step = median(each)
        print(f"{name:<10}{step * 1e3:8.1f} ms a step{step / theirs:8.2f}x PyTorch")


def fluvial_epoch(images: np.ndarray, labels: np.ndarray) -> Epoch:
    """One epoch, compiled as a whole."""
    rates, key = one_cycle(len(images) // BATCH), jax.random.key(0)
    state = start(SIDE, key)
    pictures, numbers = jnp.asarray(images), jnp.asarray(labels)

    def epoch() -> None:
        nonlocal state
        state, losses = train_epoch(state, pictures, numbers, key, rates)
        losses.block_until_ready()

    return epoch


def torch_epoch(images: np.ndarray, labels: np.ndarray) -> Epoch:
    """One epoch, batch by batch."""
    import torch
    from torch import nn

    torch.manual_seed(0)
    network = nn.Sequential(
        nn.Conv2d(1, 32, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(32, 64, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(64 * (SIDE // 4) ** 2, 128),
        nn.ReLU(),
        nn.Linear(128, 10),
    )
    adam = torch.optim.Adam(network.parameters(), 1e-3)
    pictures, numbers = torch.tensor(images)[:, None], torch.tensor(labels, dtype=torch.int64)

    def epoch() -> None:
        for rows in torch.randperm(len(pictures)).split(BATCH):
            adam.zero_grad()
            nn.functional.cross_entropy(network(pictures[rows]), numbers[rows]).backward()
            adam.step()

    return epoch


if __name__ == "__main__":
    main()
