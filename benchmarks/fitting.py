"""One fit as its user meets it: until the draws are there."""

import time
from typing import NamedTuple

import numpy as np

import fluvial

__all__ = ["Fit", "Stopwatch", "fit_and_draw"]


class Stopwatch:
    """Wall and CPU seconds since it was made; the latter are not inflated by other processes."""

    def __init__(self):
        self._wall, self._cpu = time.perf_counter(), time.process_time()

    def read(self) -> tuple[float, float]:
        """Wall seconds, and CPU seconds summed over cores."""
        return time.perf_counter() - self._wall, time.process_time() - self._cpu


class Fit(NamedTuple):
    """A posterior, its draws, and what both took together."""

    posterior: fluvial.Posterior
    draws: dict[str, np.ndarray]
    seconds: float
    cpu_seconds: float


def fit_and_draw(target: fluvial.Target, seed: int, draws: int) -> Fit:
    """Fit in silence and draw.

    Raises:
        KeyboardInterrupt: if Ctrl-C reached the fit, which itself would return its best so far.
    """
    watch = Stopwatch()
    posterior = fluvial.fit(target, seed=seed, progress=False)
    if posterior.interrupted:
        raise KeyboardInterrupt
    drawn = posterior.draws(draws)
    return Fit(posterior, drawn, *watch.read())
