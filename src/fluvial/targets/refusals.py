"""What is said of models that no flow can fit, whichever front end they come through."""

from collections.abc import Callable, Mapping

import numpy as np

from fluvial.errors import InputError

__all__ = ["check_observed", "discrete", "subsampled"]


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
    """Return the complaint about a density that is computed of some of the data, at random.

    Args:
        what: such as "the NumPyro plate 'N' subsamples 2 of 4 rows of the site 'y'".
        remedy: how all rows are used.
    """
    return InputError(f"{what}, so that its log density is random: {remedy}.")


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
        remedy: what else can be done than to leave the NaN out.

    Raises:
        InputError: if one does.
    """
    for name, value in observed.items():
        if not (np.issubdtype(value.dtype, np.floating) and np.isnan(value).any()):
            continue
        # NumPyro makes -inf of it.
        if np.isfinite(log_likelihood(np.zeros((1, dim)))[name]).all():
            continue
        where = np.argwhere(np.isnan(value))
        first = f" (the first at [{','.join(map(str, where[0]))}])" if value.ndim else ""
        raise InputError(
            f"the {kind} {name!r} has {len(where)} NaN among its {value.size} observations{first}, "
            f"so that its log density is finite nowhere: leave them out, or {remedy}."
        )
