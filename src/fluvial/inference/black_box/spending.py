"""Evaluations within a budget, in batches that end when it is spent."""

import time
from typing import NamedTuple, final

import numpy as np
from jaxtyping import Float

from fluvial.inference.counted_target import CountedTarget
from fluvial.inference.fit_budget import FitBudget
from fluvial.inference.settings import DEFAULT, BlackBoxSettings
from fluvial.progress import Progress

__all__ = ["PriorDraws", "Spending"]

_BATCH_SECONDS = 0.5  # speed: so often is the clock looked at


class PriorDraws(NamedTuple):
    """Draws from the prior, and the log density at each, which may be NaN or infinite."""

    x: Float[np.ndarray, "N D"]
    log_p: Float[np.ndarray, " N"]


@final
class Spending:
    """Evaluates points until a budget, or the user's patience, is spent.

    Args:
        counted: the target.
        budget: the limits.
        progress: what the terminal shows.
        settings: which parts of it are for what.

    Attributes:
        interrupted: whether Ctrl-C ended it.
    """

    def __init__(
        self,
        counted: CountedTarget,
        budget: FitBudget,
        progress: Progress,
        settings: BlackBoxSettings = DEFAULT.black_box,
    ):
        self.counted, self._budget, self._progress = counted, budget, progress
        self.interrupted = False
        self._looked: list[PriorDraws] = []
        self._share, self._clocked, self._kept = settings.exploring, settings.clocked, 0
        self._seconds = np.inf
        self._batch = 1 << 20 if budget.seconds is None else 1

    def release(self, kept: int) -> None:
        """Allow the rest of the budget to be spent, too.

        Args:
            kept: evaluations of it that are made at last, whatever was spent before.
        """
        self._share, self._kept = 1.0, kept

    @property
    def over(self) -> bool:
        """Whether nothing more may be spent."""
        spent = self.counted.evaluations + self._kept
        return self.interrupted or self._budget.over(spent, self._share)

    @property
    def left(self) -> int:
        """How many evaluations are left, of a budget that counts them."""
        if self._budget.evaluations is None:
            return 1 << 60
        most = max(1, int(self._share * self._budget.evaluations) - self._kept)
        return max(0, most - self.counted.evaluations)

    @property
    def rest(self) -> int:
        """How many evaluations are left with those that are kept for fresh draws."""
        most = self._budget.evaluations
        return 1 << 60 if most is None else max(0, most - self.counted.evaluations)

    @property
    def counts_only(self) -> bool:
        """Whether the budget is one of evaluations alone, which no clock has a part in."""
        return self._budget.evaluations is not None and self._budget.seconds is None

    def quick(self, seconds: float) -> int:
        """How many evaluations so much time is enough for, at the best pace so far."""
        if self._budget.seconds is not None:
            left = max(0.0, self._budget.seconds - self._budget.elapsed)
            seconds = min(seconds, self._clocked * left)
        return int(seconds / max(self._seconds, 1e-9))

    def values(self, points: Float[np.ndarray, "N D"], note: str = "") -> Float[np.ndarray, " K"]:
        """Return the log densities of the first K points, all of them where the budget allows."""
        points = points[: self.left]
        done: list[np.ndarray] = []
        count = 0
        try:
            while count < len(points) and not (self.over and self.counted.evaluations):
                batch = points[count : count + self._batch]
                started = time.monotonic()
                done.append(self.counted.values(batch))
                each = (time.monotonic() - started) / len(batch)
                self._seconds = min(self._seconds, each)  # whatever else the machine had to do
                count += len(batch)
                if self._budget.seconds is not None:
                    fast = time.monotonic() - started < _BATCH_SECONDS / 2.0
                    self._batch = min(1 << 20, self._batch * 2) if fast else self._batch
                self._show(note)
        except KeyboardInterrupt:
            self.interrupted = True
        return np.concatenate(done) if done else np.empty(0)

    def prior_values(
        self, points: Float[np.ndarray, "N D"], note: str = "prior draws"
    ) -> Float[np.ndarray, " K"]:
        """Return the same of draws from the prior, and remember what was found there."""
        found = self.values(points, note)
        self._looked.append(PriorDraws(points[: len(found)], found))
        return found

    @property
    def looked(self) -> PriorDraws:
        """All draws from the prior at which the density was asked for."""
        return PriorDraws(*map(np.concatenate, zip(*self._looked, strict=True)))

    def value_and_grad(
        self, points: Float[np.ndarray, "N D"]
    ) -> tuple[Float[np.ndarray, " K"], Float[np.ndarray, "K D"]]:
        """Return the same for the first K points, with gradients."""
        points = points[: self.left]
        if self.over or not len(points):
            return np.empty(0), np.empty((0, points.shape[1]))
        try:
            found = self.counted.value_and_grad(points)
        except KeyboardInterrupt:
            self.interrupted = True
            return np.empty(0), np.empty((0, points.shape[1]))
        self._show("climbing")
        return found

    def _show(self, note: str) -> None:
        self._progress.update(self.counted.evaluations, self._budget.evaluations, note)
