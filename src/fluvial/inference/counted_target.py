"""Counts the evaluations of a target, and those that were not finite."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import final

import numpy as np
from jaxtyping import Float

from fluvial.all_finite import all_finite
from fluvial.inference.evaluated import Evaluated
from fluvial.inference.fit_budget import FitBudget
from fluvial.inference.settings import DEFAULT, Settings
from fluvial.inference.spent import BudgetSpent
from fluvial.targets import Target

__all__ = ["CountedTarget"]


def _nonfinite(values: Float[np.ndarray, " N"], grads: Float[np.ndarray, "N D"]) -> int:
    """How many rows have a value, or a gradient, that is not finite; mostly none has."""
    if all_finite(values) and all_finite(grads):
        return 0
    return int(np.sum(~(np.isfinite(values) & np.isfinite(grads).all(axis=1))))


@final
class CountedTarget:
    """A target's host-level evaluations, counted, and the best of the points kept.

    What a compiled loop evaluates is counted, but not seen. In training these are draws of the flow
    itself, and those of the finished flow are seen when it is weighed.

    Attributes:
        target: what is evaluated.
        evaluations: how many points the log density was asked for so far.
        evaluated: the best points that were seen, from every stage.
        under_way: how many a compiled loop has made that are not counted yet.
        spent: whether a budget was, and ended a stage.
        nonfinite: at how many of them the density, or a gradient asked for, was NaN or infinite.
        seconds_each: of the fastest batch, for each of its points; infinite before there is one.
    """

    def __init__(
        self, target: Target, settings: Settings = DEFAULT, budget: FitBudget | None = None
    ):
        self.target = target
        self._budget, self._reserve = budget, settings.weigh.draws + settings.weigh.component_draws
        self.spent = self._judging = False
        self.evaluated = Evaluated(target.dim, settings)
        self.evaluations = self.under_way = 0
        self.nonfinite = 0
        self.seconds_each = np.inf

    @property
    def dim(self) -> int:
        """D, the number of unconstrained coordinates."""
        return self.target.dim

    def value_and_grad(
        self, points: Float[np.ndarray, "N D"]
    ) -> tuple[Float[np.ndarray, " N"], Float[np.ndarray, "N D"]]:
        """Log densities (N,) and gradients (N, D), float64, as the target gives them."""
        self.spend(len(points))
        with self._timed(len(points)):
            values, grads = self.target.value_and_grad(points)
        self.count(len(points), _nonfinite(values, grads))
        self.evaluated.add(points, values)
        return values, grads

    def values(self, points: Float[np.ndarray, "N D"]) -> Float[np.ndarray, " N"]:
        """Log densities (N,), float64, as the target gives them."""
        self.spend(len(points))
        with self._timed(len(points)):
            values = self.target.values(points)
        self.count(len(points), int(np.sum(~np.isfinite(values))))
        self.evaluated.add(points, values)
        return values

    def far_values(self, points: Float[np.ndarray, "N D"]) -> Float[np.ndarray, " N"]:
        """Log densities (N,) of points so far out that none of them is worth keeping."""
        self.spend(len(points))
        with self._timed(len(points)):
            values = self.target.values(points)
        self.count(len(points), int(np.sum(~np.isfinite(values))))
        return values

    @contextmanager
    def _timed(self, count: int) -> Iterator[None]:
        began = time.perf_counter()
        yield
        if count:
            self.seconds_each = min(self.seconds_each, (time.perf_counter() - began) / count)

    def spend(self, evaluations: int, seconds: float = 0.0) -> None:
        """Raise ``BudgetSpent``, once, if so many more evaluations, or seconds, exceed the budget.

        The reserve is for the weights by which the best so far is judged, so that later evaluations
        are no longer refused.
        """
        first = not self.evaluations  # without which there is nothing to say
        free = self.spent or first or self._judging
        if self._budget is None or free or not self._budget.limited:
            return
        asked = self.evaluations + evaluations + self._reserve
        if self._budget.over(asked, ahead=seconds):
            self.spent = True
            raise BudgetSpent

    @contextmanager
    def judging(self) -> Iterator[None]:
        """Evaluate from the reserve, without asking whether anything is left."""
        before, self._judging = self._judging, True
        try:
            yield
        finally:
            self._judging = before

    def count(self, evaluations: int, nonfinite: int) -> None:
        """Add evaluations made elsewhere, such as inside a compiled loop."""
        self.evaluations, self.under_way = self.evaluations + evaluations, 0
        self.nonfinite += nonfinite
