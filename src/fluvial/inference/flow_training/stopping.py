"""Stage 4: when to slow down, when to stop, and which flow to return.

Training runs in chunks at a constant step size until the free energy no longer falls, then cools:
the step size falls along a cosine, which removes the noise of the last iterates (the
"warm-up, stable, decay" schedule), and stops. Unlike a plain cosine it needs no length in advance.
"""

import math
from dataclasses import dataclass, field
from enum import Enum

import numpy as np
from jaxtyping import Array, Float

from fluvial.inference.settings import DEFAULT, TrainSettings
from fluvial.training.schedules import warmup_stable_decay

__all__ = ["Best", "Phase", "Schedule"]


class Phase(Enum):
    """What the next chunk is for."""

    STABLE = "stable"
    COOLING = "cooling"
    DONE = "done"


@dataclass
class Schedule:
    """The step size of each chunk, decided from the free energies of the chunks before.

    Args:
        rate: the constant step size of the stable phase.
        chunk: steps in a chunk.
        max_steps: the most steps to take, cooling included; beyond them the step size is 0.
        settings: the thresholds.
    """

    rate: float
    chunk: int
    max_steps: int
    settings: TrainSettings = DEFAULT.train
    phase: Phase = Phase.STABLE
    _taken: int = 0
    _cooling_from: int = 0
    _cooling_steps: int = 0
    _tried: int = 0
    _means: list[tuple[float, float]] = field(default_factory=list)

    def __post_init__(self):
        if self.max_steps <= self.chunk:
            self._cool(self.max_steps)

    @property
    def steps(self) -> int:
        """How many steps the next chunk takes: all of it, or those that are left."""
        return min(self.chunk, self.max_steps - self._taken)

    def rates(self) -> Float[np.ndarray, " chunk"]:
        """The step sizes of the next chunk, shape (chunk,)."""
        cooling_from = self._cooling_from if self.phase is Phase.COOLING else math.inf
        steps = max(self._cooling_steps, 1)
        schedule = warmup_stable_decay(self.rate, self.settings.warmup, cooling_from, steps)
        step = self._taken + np.arange(self.chunk)
        return np.where(step < self.max_steps, np.asarray(schedule(step)), 0.0)

    # Where training diverges, what is measured can be too large to square: infinite will do.
    @np.errstate(over="ignore", invalid="ignore")
    def report(
        self,
        free_energies: Float[np.ndarray, " chunk"],
        log_weights: Float[np.ndarray, " S"],
    ) -> None:
        """Take note of a chunk's free energies, in nats, and of log weights at its end."""
        self._taken += self.steps
        finite = free_energies[np.isfinite(free_energies)]
        if len(finite):
            self._means.append((float(np.mean(finite)), float(np.std(finite) / len(finite) ** 0.5)))
        else:
            self._means.append((np.inf, np.inf))
        if self.phase is Phase.COOLING:
            end = min(self._cooling_from + self._cooling_steps, self.max_steps)
            if self._taken >= end:
                self.phase = Phase.DONE if self._may_end(log_weights) else Phase.STABLE
            return
        if not self._tried and self._is_near(log_weights):
            self._tried = self._taken
            self._cool(self.settings.shortest_cooling)
        elif self._settled() or self._due():
            self._cool(self._planned_cooling())

    def _may_end(self, log_weights: Float[np.ndarray, " S"]) -> bool:
        """Not where an early cooling has not made weights even enough, and steps are left."""
        early = self._cooling_from == self._tried
        last = self.max_steps - self._taken < self.settings.shortest_cooling
        return not early or last or self._is_even(log_weights, self.settings.enough_half_variance)

    def _settled(self) -> bool:
        """Whether the last chunks gained nothing that stands out from the noise."""
        window = self.settings.window
        if len(self._means) < 2 * window:
            return False
        before, after = self._means[-2 * window : -window], self._means[-window:]
        if not np.isfinite(before + after).all():
            return False
        gain = np.mean([mean for mean, _ in before]) - np.mean([mean for mean, _ in after])
        noise = np.sqrt(sum(se**2 for _, se in before + after)) / window
        return bool(gain < max(window * self.settings.min_gain, 2.0 * noise))

    def _due(self) -> bool:
        return self._taken + self._planned_cooling() + self.chunk > self.max_steps

    def _planned_cooling(self) -> int:
        wanted = max(self.settings.shortest_cooling, int(self.settings.cooling * self._taken))
        left = self.max_steps - self._taken
        return self.chunk * (wanted // self.chunk) if wanted < left else left

    def _is_near(self, log_weights: Float[np.ndarray, " S"]) -> bool:
        """Whether weights are even enough, or nearly so and a chunk gains less than is missing."""
        near, enough = self.settings.near_half_variance, self.settings.enough_half_variance
        if self._is_even(log_weights, enough):
            return True
        slow = len(self._means) > 1 and self._means[-2][0] - self._means[-1][0] < near
        return slow and self._is_even(log_weights, near)

    def _is_even(self, log_weights: Float[np.ndarray, " S"], most: float) -> bool:
        """Whether half the variance of log weights is below so many nats, and none is large."""
        if not np.isfinite(log_weights).all():
            return False
        half_variance = 0.5 * np.std(log_weights) ** 2
        largest = np.max(log_weights) - np.mean(log_weights)
        return bool(half_variance < most and largest < np.log(self.settings.enough_largest))

    def _cool(self, steps: int) -> None:
        self.phase = Phase.COOLING
        self._cooling_from = self._taken
        self._cooling_steps = steps


@dataclass
class Best:
    """The best parameters seen, by the ELBO on fixed base draws.

    Differences between two candidates on common draws are paired, so that their noise is far
    below that of either ELBO.
    """

    parameters: Float[Array, " P"]
    log_weights: Float[np.ndarray, " S"]

    @np.errstate(over="ignore", invalid="ignore")
    def offer(self, parameters: Float[Array, " P"], log_weights: Float[np.ndarray, " S"]) -> float:
        """Keep the candidate if its ELBO is higher; return the paired gain, in nats."""
        usable = np.isfinite(log_weights)
        if usable.mean() < np.isfinite(self.log_weights).mean():
            return -np.inf
        both = usable & np.isfinite(self.log_weights)
        gain = float(np.mean(log_weights[both] - self.log_weights[both])) if both.any() else np.inf
        if gain > 0.0:
            self.parameters, self.log_weights = parameters, log_weights
        return gain
