"""Complaints about models that no flow can fit, whichever front end they come through."""

from collections.abc import Callable, Mapping

import numpy as np

from fluvial.errors import InputError

__all__ = ["check_observed", "discrete", "missing", "subsampled"]


def discrete(variable: str, distribution: str, remedy: str) -> InputError:
    """Return the complaint about a discrete variable.

    Args:
        variable: such as "the NumPyro site 'count'".
        distribution: its name.
        remedy: how this front end sums a variable out.
    """
    return InputError(
        f"{variable} is discrete ({distribution}): {remedy}, or observe it; a flow needs "
        "continuous variables."
    )


def subsampled(what: str, remedy: str) -> InputError:
    """Return the complaint about a density that is computed from a random part of the data.

    Args:
        what: such as "the NumPyro plate 'N' subsamples 2 of 4 rows of the site 'y'".
        remedy: how all rows are used.
    """
    return InputError(f"{what}, so its log density is random: {remedy}.")


def missing(variable: str, where: np.ndarray, remedy: str) -> InputError:
    """Return the complaint about data some of which are missing.

    Args:
        variable: such as "the NumPyro site 'y'".
        where: which of its elements are missing.
        remedy: what can be done instead of leaving them out.
    """
    places = np.argwhere(where)
    first = f" (the first at [{','.join(map(str, places[0]))}])" if where.ndim else ""
    return InputError(
        f"{variable} has {len(places)} NaN among its {where.size} values{first}, so its log "
        f"density is finite nowhere: leave them out, or {remedy}."
    )


def check_observed(
    kind: str,
    observed: Mapping[str, np.ndarray],
    log_likelihood: Callable[[np.ndarray], dict[str, np.ndarray]],
    dim: int,
    remedy: str,
) -> None:
    """Check that no NaN among the observations, unless it is masked, reaches the log density.

    Args:
        kind: such as "NumPyro site".
        observed: name -> what was observed.
        log_likelihood: from points (N, dim) to name -> the log likelihood of each observation.
        dim: D.
        remedy: what can be done instead of leaving the NaN out.

    Raises:
        InputError: if one does.
    """
    for name, value in observed.items():
        if not (np.issubdtype(value.dtype, np.floating) and np.isnan(value).any()):
            continue
        # NumPyro makes -inf of it.
        if np.isfinite(log_likelihood(np.zeros((1, dim)))[name]).all():
            continue
        raise missing(f"the {kind} {name!r}", np.isnan(value), remedy)
