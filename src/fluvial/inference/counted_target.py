"""Counts what is asked of a target, and what came back that was not finite."""

from typing import final

import numpy as np
from jaxtyping import Float

from fluvial.inference.evaluated import Evaluated
from fluvial.inference.settings import DEFAULT, Settings
from fluvial.targets import Target

__all__ = ["CountedTarget"]


@final
class CountedTarget:
    """A target's host-level evaluations, counted, and the best of the points kept.

    What a compiled loop evaluates is counted, but not seen. In training these are draws of the flow
    itself, and those of the finished flow are seen when it is weighed.

    Attributes:
        target: what is evaluated.
        evaluations: how many points the log density was asked for so far.
        evaluated: the best points that were seen, from every stage.
        nonfinite: at how many of them the density, or a gradient asked for, was NaN or infinite.
    """

    def __init__(self, target: Target, settings: Settings = DEFAULT):
        self.target = target
        self.evaluated = Evaluated(target.dim, settings)
        self.evaluations = 0
        self.nonfinite = 0

    @property
    def dim(self) -> int:
        """D, the number of unconstrained coordinates."""
        return self.target.dim

    def value_and_grad(
        self, points: Float[np.ndarray, "N D"]
    ) -> tuple[Float[np.ndarray, " N"], Float[np.ndarray, "N D"]]:
        """Log densities (N,) and gradients (N, D), float64, as the target gives them."""
        values, grads = self.target.value_and_grad(points)
        self.count(len(points), int(np.sum(~(np.isfinite(values) & np.isfinite(grads).all(1)))))
        self.evaluated.add(points, values)
        return values, grads

    def values(self, points: Float[np.ndarray, "N D"]) -> Float[np.ndarray, " N"]:
        """Log densities (N,), float64, as the target gives them."""
        values = self.target.values(points)
        self.count(len(points), int(np.sum(~np.isfinite(values))))
        self.evaluated.add(points, values)
        return values

    def count(self, evaluations: int, nonfinite: int) -> None:
        """Add evaluations made elsewhere, such as inside a compiled loop."""
        self.evaluations += evaluations
        self.nonfinite += nonfinite
