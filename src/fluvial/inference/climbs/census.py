r"""In which modes climbs have ended, how often in each, and whether to expect others.

Climbs from independent starts are draws from the modes, each with the volume of its basin. Of n
draws that show w modes, the posterior expectation of how many more there are is

.. math:: \frac{w (w + 1)}{n - w - 2}

under a uniform prior (Boender & Rinnooy Kan 1987, Mathematical Programming 37, 59), who stop when
it is below one half. That is for basins of like volume; for others see planting.py.
"""

from typing import NamedTuple, final

import numpy as np
from jaxtyping import Float

from fluvial.constants import LOG_2PI
from fluvial.inference.climbs.climbing import Optimum
from fluvial.inference.climbs.laplace import laplace_or
from fluvial.inference.climbs.starts import clusters
from fluvial.inference.counted_target import CountedTarget
from fluvial.inference.settings import DEFAULT, Settings
from fluvial.log_sum_exp import log_sum_exp
from fluvial.posterior.gaussian import Gaussian

__all__ = ["Census", "Mode", "expected_unseen"]


class Mode(NamedTuple):
    """One mode.

    Attributes:
        head: its highest optimum.
        hits: climbs that ended in it.
        runs: independent searches that found it.
        gaussian: Laplace's approximation.
        beside: the highest of its other optima, and Laplace's approximation at each: what is
            two-peaked is no Gaussian.
    """

    head: Optimum
    hits: int
    runs: frozenset[int]
    gaussian: Gaussian
    beside: tuple[tuple[Optimum, Gaussian], ...] = ()

    @property
    def log_mass(self) -> float:
        """By Laplace's approximation, in nats and up to a constant."""
        return self.head.log_p + self.gaussian.log_det

    def log_density(self, x: Float[np.ndarray, "N D"]) -> Float[np.ndarray, " N"]:
        """Return that of Laplace's approximations at all its optima, as the target gives it."""
        parts = [(self.head, self.gaussian), *self.beside]
        constant = 0.5 * x.shape[1] * LOG_2PI
        terms = [g.log_prob(x) + top.log_p + g.log_det + constant for top, g in parts]
        return log_sum_exp(np.stack(terms), axis=0)


def expected_unseen(climbs: int, modes: int) -> float:
    """Return how many modes no climb has ended in, by expectation.

    Args:
        climbs: n, all of them from independent starts.
        modes: w, the modes in which they ended.

    Example:
        >>> expected_unseen(154, 8)
        0.5
        >>> expected_unseen(16, 15)
        inf
    """
    spare = climbs - modes - 2
    return modes * (modes + 1) / spare if spare > 0 else np.inf


@final
class Census:
    """Where climbs have ended, counted.

    Args:
        counted: the target.
        settings: the thresholds.

    Attributes:
        climbs: how many were made.
        looks: at points that known modes might not explain; whoever looks counts them.
    """

    def __init__(self, counted: CountedTarget, settings: Settings = DEFAULT):
        self.climbs = self.looks = 0
        self._counted, self._settings = counted, settings
        self._optima: list[Optimum] = []
        self._hits: list[int] = []
        self._runs: list[set[int]] = []
        self._laplace: dict[int, Gaussian] = {}

    @property
    def optima(self) -> list[Optimum]:
        """The optima at which climbs converged, each of them once."""
        return list(self._optima)

    def add(self, ends: list[Optimum], climbs: int, run: int) -> None:
        """Count where climbs ended.

        Args:
            ends: those that ended somewhere.
            climbs: how many there were, of all.
            run: the independent search that they belong to.
        """
        self.climbs += climbs
        for end in ends:
            if end.converged:
                row = self._row(end)
                self._hits[row] += 1
                self._runs[row].add(run)

    def modes(self) -> list[Mode]:
        """Gather into modes the optima that are high enough to matter, and measure each."""
        rows = {id(optimum): row for row, optimum in enumerate(self._optima)}
        return [
            self._mode(members, [rows[id(member)] for member in members])
            for members in clusters(self._counted, self._high(), self._settings)
        ]

    @property
    def low(self) -> int:
        """How many optima are too low to matter: the many of a rough density."""
        return len(self._optima) - len(self._high())

    def _high(self) -> list[Optimum]:
        highest = max((optimum.log_p for optimum in self._optima), default=0.0)
        match = self._settings.match
        depth = match.no_mass + self._settings.explore.log_widths * self._counted.dim
        return [optimum for optimum in self._optima if optimum.log_p > highest - depth]

    def mattering(self, modes: list[Mode]) -> list[Mode]:
        """Those that hold more than a negligible share of the mass of all."""
        masses = np.array([mode.log_mass for mode in modes])
        least = masses.max(initial=-np.inf) + np.log(self._settings.explore.matters)
        return [mode for mode in modes if mode.log_mass > least]

    def _row(self, end: Optimum) -> int:
        same = self._settings.climb.same
        if self._optima:
            heads = np.stack([optimum.x for optimum in self._optima])
            near = np.all(np.abs(heads - end.x) <= same + same * np.abs(end.x), axis=1)
            if near.any():
                return int(np.argmax(near))
        self._optima.append(end)
        self._hits.append(0)
        self._runs.append(set())
        return len(self._optima) - 1

    def _mode(self, members: list[Optimum], rows: list[int]) -> Mode:
        head, *others = members
        most = self._settings.explore.neighbors
        beside = tuple((other, self._gaussian(other)) for other in others[:most])
        runs = frozenset[int]().union(*(self._runs[row] for row in rows))
        hits = sum(self._hits[row] for row in rows)
        return Mode(head, hits, runs, self._gaussian(head), beside)

    def _gaussian(self, optimum: Optimum) -> Gaussian:
        if id(optimum) not in self._laplace:
            fitted = laplace_or(self._counted, optimum.x, optimum.gaussian, self._settings)
            self._laplace[id(optimum)] = fitted
        return self._laplace[id(optimum)]
