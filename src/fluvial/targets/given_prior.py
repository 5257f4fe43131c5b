"""What a user gives as the prior of a function of NumPy arrays, checked and made into one.

That is a dictionary or a row of distributions, bounds, a prior transform, or only how many
parameters there are.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from fluvial.errors import InputError, described
from fluvial.targets.priors import CubePrior, NoPrior, Prior, QuantilePrior

__all__ = ["as_prior"]


def as_prior(
    *,
    dim: int | None,
    prior: Any,
    bounds: Any,
    prior_transform: Callable | None,
    names: Sequence[str] | None,
    vectorized: bool,
) -> Prior:
    """Make a prior of what the user gave.

    Raises:
        InputError: if it is missing, contradictory or invalid.
    """
    given = [value is not None for value in (prior, bounds, prior_transform)]
    if sum(given) > 1:
        raise InputError("give one of `prior`, `bounds` and `prior_transform`, not several.")
    if prior is not None:
        made = _from_distributions(prior, names)
    elif bounds is not None:
        made = _from_bounds(bounds, names)
    else:
        if dim is None and names is not None:
            dim = len(names)
        if isinstance(dim, bool) or not isinstance(dim, int | np.integer) or dim < 1:
            instead = "or `prior` or `bounds`, which tell it"
            if prior_transform is not None:
                instead = "or their `names`, since a prior transform does not tell it"
            raise InputError(f"dim is {dim!r}: give the number of parameters, {instead}.")
        if prior_transform is not None and not callable(prior_transform):
            raise InputError(
                f"the prior transform is of type {type(prior_transform).__name__}: give a function."
            )
        made = (
            NoPrior(int(dim))
            if prior_transform is None
            else CubePrior(prior_transform, _variables(int(dim), names), vectorized)
        )
        if prior_transform is None and names is not None:
            made.variables = _variables(int(dim), names)
    if dim is not None and dim != made.dim:
        raise InputError(f"dim is {dim}, but there are {made.dim} parameters: leave `dim` out.")
    return made


def _variables(dim: int, names: Sequence[str] | None) -> dict[str, tuple[int, ...]]:
    if names is None:
        return {"x": (dim,)}
    if isinstance(names, str) or len(names) != dim or len(set(names)) != dim:
        raise InputError(f"there are {dim} parameters: give a row of as many names, not {names!r}.")
    return {str(name): () for name in names}


def _from_bounds(bounds: Any, names: Sequence[str] | None) -> QuantilePrior:
    if isinstance(bounds, Mapping):
        names, bounds = list(bounds), list(bounds.values())
    try:
        ends = np.asarray(bounds, np.float64)
    except (TypeError, ValueError):
        ends = np.empty(0)
    if ends.ndim != 2 or ends.shape[1:] != (2,) or not len(ends):
        raise InputError(
            "bounds are a row of (low, high) for each parameter, such as [(0, 1), (-5, 5)]."
        )
    wrong = ~(np.isfinite(ends).all(axis=1) & (ends[:, 0] < ends[:, 1]))
    if wrong.any():
        i = int(np.argmax(wrong))
        raise InputError(
            f"the bounds of parameter {i} are {ends[i].tolist()}: give finite ones, the lower "
            "first, or a `prior`."
        )
    quantiles = [
        _uniform(float(low), float(high)) for low, high in zip(ends[:, 0], ends[:, 1], strict=True)
    ]
    volume = float(np.sum(np.log(ends[:, 1] - ends[:, 0])))
    return QuantilePrior(_variables(len(ends), names), quantiles, volume)


class _Uniform:
    """The three functions of a uniform distribution, without SciPy's overhead."""

    def __init__(self, low: float, high: float):
        self.low, self.high = low, high

    def ppf(self, u: np.ndarray) -> np.ndarray:
        return self.low + (self.high - self.low) * u

    def isf(self, u: np.ndarray) -> np.ndarray:
        return self.high - (self.high - self.low) * u

    def pdf(self, x: np.ndarray) -> np.ndarray:
        return np.full(np.shape(x), 1.0 / (self.high - self.low))


def _uniform(low: float, high: float) -> tuple[Callable, Callable, Callable]:
    uniform = _Uniform(float(low), float(high))
    return uniform.ppf, uniform.isf, uniform.pdf


def _from_distributions(prior: Any, names: Sequence[str] | None) -> QuantilePrior:
    if isinstance(prior, Mapping):
        names, prior = list(prior), list(prior.values())
    if not isinstance(prior, Sequence) or isinstance(prior, str) or not len(prior):
        raise InputError(
            "a prior is a dictionary of scipy.stats distributions, such as "
            '{"mu": scipy.stats.norm(0, 1)}, or a row of them.'
        )
    named = names or [str(i) for i in range(len(prior))]
    quantiles = [_distribution(str(name), d) for name, d in zip(named, prior, strict=False)]
    return QuantilePrior(_variables(len(prior), names), quantiles)


def _distribution(name: str, distribution: Any) -> tuple[Callable, Callable, Callable]:
    """Return the inverse of F, that of 1 − F, and the density, of either kind that SciPy has."""
    if isinstance(distribution, tuple | list) and len(distribution) == 2:
        low, high = distribution
        numbers = all(isinstance(end, int | float | np.number) for end in distribution)
        if not (numbers and np.isfinite(low) and np.isfinite(high) and low < high):
            raise InputError(f"the prior of {name} is {distribution}: give (low, high), finite.")
        return _uniform(low, high)
    for inverse, inverse_complement in (("ppf", "isf"), ("icdf", "iccdf")):
        if hasattr(distribution, inverse) and hasattr(distribution, inverse_complement):
            break
    else:
        raise InputError(
            f"the prior of {name} is of type {type(distribution).__name__}: give a frozen "
            "distribution of one variable, such as scipy.stats.norm(0, 1), or a `prior_transform` "
            "where parameters depend on each other."
        )
    if not hasattr(distribution, "pdf"):
        raise InputError(
            f"the prior of {name} is discrete: sum it out in the function, since only continuous "
            "parameters can be fitted."
        )
    ppf, isf = getattr(distribution, inverse), getattr(distribution, inverse_complement)
    try:
        shape = np.shape(ppf(0.5))
        middle = None if shape else np.asarray(ppf(np.array([0.25, 0.75])), np.float64)
    except Exception as error:
        raise InputError(f"the prior of {name} failed: {described(error)}.") from error
    if middle is None:
        raise InputError(
            f"the prior of {name} is of {np.prod(shape, dtype=int)} numbers: give a distribution "
            "of one number for each parameter."
        )
    if middle.shape != (2,) or not np.isfinite(middle).all():
        raise InputError(
            f"the prior of {name} has quartiles {middle.tolist()}: give a proper distribution of "
            "one number."
        )
    return ppf, isf, getattr(distribution, "pdf")  # noqa: B009
