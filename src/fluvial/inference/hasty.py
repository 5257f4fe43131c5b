"""The best available result when a budget is spent before there is a Gaussian."""

import numpy as np

from fluvial.errors import InputError
from fluvial.inference.run import Run
from fluvial.inference.starting import Started
from fluvial.inference.verdict.weighing import Weighed, weigh
from fluvial.posterior.gaussian import Gaussian
from fluvial.posterior.mixture import GaussianComponent

__all__ = ["around_the_best", "hasty"]


def hasty(run: Run, started: Started | None) -> tuple[Started, Weighed]:
    """Weigh the Gaussian at the best of the points.

    Raises:
        InputError: if the density was finite nowhere.
    """
    gaussian = around_the_best(run)
    fitted = weigh([GaussianComponent(gaussian)], run)
    return started or Started(run.counted.evaluated.points, [], False, (), (), None), fitted


def around_the_best(run: Run) -> Gaussian:
    """Put a Gaussian as wide as the best points are apart where the best of them is.

    Raises:
        InputError: if the density was finite nowhere.
    """
    points, log_p = run.counted.evaluated.points, run.counted.evaluated.log_p
    if not len(points):
        raise InputError(
            f"the fit has used {run.budget.spent(run.counted.evaluations)}, and the log density "
            "was finite nowhere yet: give it more."
        )
    best = points[int(np.argmax(log_p))]
    near = log_p > np.max(log_p) - points.shape[1] - 3.0
    spread = points[near].std(axis=0) if near.sum() > 1 else np.ones(points.shape[1])
    return Gaussian(best, np.diag(np.where(spread > 0.0, spread, 1.0)))
