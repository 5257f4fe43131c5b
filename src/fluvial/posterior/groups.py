"""What a model says about draws, for the groups of a tree."""

import numpy as np
from jaxtyping import Float

from fluvial.errors import InputError, described
from fluvial.targets import Target
from fluvial.targets.model_functions import draw_numbers

__all__ = ["model_groups", "prior_groups"]

# What front ends raise for a distribution that has a log density and nothing else.
_CANNOT = (InputError, NotImplementedError)
_OF_PRIOR = 3  # the stream of its numbers


def model_groups(
    target: Target, points: Float[np.ndarray, "n D"], seed: int, predictive: bool
) -> tuple[dict[str, dict[str, np.ndarray]], str]:
    """Return log prior and predictive draws at points, where the model provides them.

    Args:
        target: of the draws.
        points: the draws, unconstrained.
        seed: decides the predictive draws.
        predictive: whether there are any.

    Returns:
        Group -> name -> (n, *shape); and why there are no predictive draws, where the model's
        distributions cannot make them.
    """
    told, groups, why = target.functions, {}, ""
    if told.log_prior is not None:
        groups["log_prior"] = told.log_prior(points)
    if predictive and told.predictive is not None:
        numbers = draw_numbers(len(points), seed)
        try:
            groups["posterior_predictive"] = told.predictive(points, numbers)
        except _CANNOT as error:
            why = described(error)
    return groups, why


def prior_groups(target: Target, n: int, seed: int) -> tuple[dict[str, dict[str, np.ndarray]], str]:
    """Draw from a model's prior, where that is possible.

    Returns:
        Group -> name -> (n, *shape); and why there is nothing, where a distribution has no way to
        draw from it.
    """
    told = target.functions.prior
    if told is None:
        return {}, ""
    try:
        parameters, predictive = told(draw_numbers(n, seed, _OF_PRIOR))
    except _CANNOT as error:
        return {}, described(error)
    return {"prior": parameters, "prior_predictive": predictive}, ""
