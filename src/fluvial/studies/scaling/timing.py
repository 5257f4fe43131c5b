"""How long a step takes, and how fast this machine is at what a step cannot do without."""

import math
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from threadpoolctl import threadpool_limits

from fluvial.studies.scaling.steps import GradientStep

__all__ = ["Rates", "machine_rates", "seconds_of"]

_MEGABYTES = 128
_NUMBERS = 100_000  # fit in the cache
_ROUNDS = 20
_LEAST_SPAN = 0.2  # seconds: a step of microseconds runs often, that one be undisturbed
_SPAN = 3.0  # seconds after which a slow step has run often enough
_LEAST_RUNS = 3


class Rates(NamedTuple):
    """What one process reaches on this machine.

    Attributes:
        bytes_per_second: read and written, by a copy that fits in no cache.
        tanh_per_second: float32, of numbers in the cache.
    """

    bytes_per_second: float
    tanh_per_second: float


def seconds_of(step: GradientStep, seed: int, repeats: int) -> float:
    """Return the least wall time of several runs, after one that does not count.

    What LAPACK does, it does in one thread: where others wait for the cores too, its threads wait
    for each other, and a small determinant takes a hundred times as long.

    Args:
        step: what is timed.
        seed: of its parameters and points.
        repeats: runs, if they take neither less than 0.2 s together nor more than 3 s.
    """
    arguments = step.arguments(seed)
    return _least_seconds(lambda: step.compiled(*arguments), repeats)


def machine_rates(repeats: int) -> Rates:
    """Measure the bandwidth of the memory, and the rate of tanh."""
    large = jnp.ones(_MEGABYTES * 2**20 // 4)
    copy = jax.jit(lambda x: x + 1.0)
    small = jnp.linspace(-3.0, 3.0, _NUMBERS)
    many = jax.jit(lambda x: jax.lax.fori_loop(0, _ROUNDS, lambda _, x: jnp.tanh(x), x))
    return Rates(
        2 * large.nbytes / _least_seconds(lambda: copy(large), repeats),
        _ROUNDS * _NUMBERS / _least_seconds(lambda: many(small), repeats),
    )


def _least_seconds(run: Callable[[], Any], repeats: int) -> float:
    with threadpool_limits(1, "blas"):
        jax.block_until_ready(run())
        seconds = []
        while not _often_enough(seconds, repeats):
            start = time.perf_counter()
            jax.block_until_ready(run())
            seconds.append(time.perf_counter() - start)
    return min(seconds)


def _often_enough(seconds: Sequence[float], repeats: int) -> bool:
    span, count = math.fsum(seconds), len(seconds)
    return span >= _LEAST_SPAN and (count >= repeats or (count >= _LEAST_RUNS and span >= _SPAN))
