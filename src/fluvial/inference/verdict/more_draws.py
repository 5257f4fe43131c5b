"""What draws are worth, in coordinates and in the model's own quantities; and more draws.

A product of a scale and what it scales has heavier tails than either, so that fewer of the same
weighted draws count for its variance. Where weights are uneven that can be told from the draws.
"""

import numpy as np

from fluvial.inference.run import Run
from fluvial.inference.verdict.verdict import tail_matters
from fluvial.inference.verdict.weighing import Weighed, with_wider_base
from fluvial.posterior.accuracy import Precision, precision

__all__ = ["precise_enough", "worth_of"]


def worth_of(run: Run, drawn: Weighed) -> Precision:
    """How many exact draws the weighted ones are worth, in the worst quantity.

    Args:
        run: the fit.
        drawn: weighted draws.
    """
    w, weights = np.exp(drawn.weights.smoothed), drawn.weights
    worth, weigh = precision(drawn.x, w), run.settings.weigh
    limit = run.settings.verdict.max_standard_error
    plenty = max(worth.mean_se, worth.log_sd_se) < weigh.plenty * limit
    numbers = sum(int(np.prod(shape)) for shape in run.target.variables.values())
    even = not tail_matters(weights.ess, weights.attainable_ess, weights.largest, run.settings)
    large = numbers > weigh.derived * run.target.dim or numbers * weights.size > weigh.numbers
    if even or plenty or large or not np.any(w > 0.0):
        return worth
    used = w > 0.0
    found = run.target.constrain(drawn.x[used])
    columns = np.concatenate(
        [np.asarray(value, float).reshape(used.sum(), -1) for value in found.values()], axis=1
    )
    finite = np.isfinite(columns).all(axis=0)
    if not finite.any():
        return worth
    own = precision(columns[:, finite], w[used])
    return Precision(min(worth.mean_ess, own.mean_ess), min(worth.variance_ess, own.variance_ess))


def precise_enough(run: Run, fitted: Weighed, drawn: Weighed) -> Weighed:
    """Draw more, until standard errors are small enough or there are too many.

    Args:
        run: the fit.
        fitted: the approximation.
        drawn: draws of it with a wider base, whose weights can be trusted.

    Returns:
        The draws, with others of their kind where these help.
    """
    counted = run.target.streamed is not None or run.target.black_box is not None
    if drawn is fitted or counted or run.budget.limited:
        return drawn
    weigh = run.settings.weigh
    most = min(weigh.most_draws, weigh.numbers // run.target.dim)
    for _ in range(weigh.rounds):
        wanted, size = _wanted(run, drawn), drawn.weights.size
        if not size < min(wanted, most) or wanted > weigh.in_vain * most:
            break
        drawn = with_wider_base(run, fitted, before=drawn, draws=int(min(wanted, most)) - size)
    return drawn


def _wanted(run: Run, drawn: Weighed) -> float:
    """How many draws are likely to be enough; 0 if these are."""
    verdict, worth = run.settings.verdict, worth_of(run, drawn)
    lacking = max(
        max(worth.mean_se, worth.log_sd_se) / verdict.max_standard_error,
        drawn.weights.unstratified_se / verdict.max_evidence_se,
    )
    return run.settings.weigh.spare * lacking**2 * drawn.weights.size if lacking > 1.0 else 0.0
