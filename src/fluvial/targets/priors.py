r"""Priors of functions of NumPy arrays, each a map from N(0, I) on R^D to the parameters.

With Φ the normal distribution function, u = Φ(z) is uniform on the cube where z ~ N(0, I), and a
quantile function, or the ``prior_transform`` of nested sampling (Skilling 2006, Bayesian Analysis
1, 833), leads from there to the parameters. So the density in z is L(θ(z)) N(z; 0, I) whatever the
prior is, and needs no Jacobian. Beyond the median the survival function is inverted instead, so
that no digits are lost near 1.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any, final

import numpy as np
from jaxtyping import Float64

from fluvial.constants import LOG_2PI
from fluvial.errors import InputError, described

__all__ = ["CubePrior", "NoPrior", "Prior", "QuantilePrior", "as_prior"]

_TINY = 1e-300
_LARGEST = np.nextafter(1.0, 0.0)


class Prior(ABC):
    """A map from z in R^D to parameters, and the density of z before anything is observed.

    Attributes:
        variables: name -> shape of the parameters, whose elements are the coordinates in order.
        constant: nats to add to the log density of z.
        proper: whether there is a prior, from which z has the law N(0, I).
    """

    variables: dict[str, tuple[int, ...]]
    constant: float = 0.0
    proper: bool = True

    @property
    def dim(self) -> int:
        """D, the number of coordinates."""
        return sum(int(np.prod(shape)) for shape in self.variables.values())

    @abstractmethod
    def parameters(self, z: Float64[np.ndarray, "N D"]) -> Float64[np.ndarray, "N D"]:
        """Map points of R^D to parameters."""

    @abstractmethod
    def log_density(self, z: Float64[np.ndarray, "N D"]) -> Float64[np.ndarray, " N"]:
        """Log density of z, in nats, before anything is observed."""

    @abstractmethod
    def pull_back(
        self, z: Float64[np.ndarray, "N D"], gradients: Float64[np.ndarray, "N D"]
    ) -> Float64[np.ndarray, "N D"]:
        """Turn gradients by the parameters into gradients by z, that of the prior included."""


def _standard(z: Float64[np.ndarray, "N D"]) -> Float64[np.ndarray, " N"]:
    return -0.5 * np.sum(z**2, axis=1) - 0.5 * z.shape[1] * LOG_2PI


@final
class NoPrior(Prior):
    """R^D as it is: the function is the log density itself."""

    proper = False

    def __init__(self, dim: int):
        self.variables = {"x": (dim,)}

    def parameters(self, z: Float64[np.ndarray, "N D"]) -> Float64[np.ndarray, "N D"]:
        """Return the points."""
        return z

    def log_density(self, z: Float64[np.ndarray, "N D"]) -> Float64[np.ndarray, " N"]:
        """Return 0."""
        return np.zeros(len(z))

    def pull_back(
        self, z: Float64[np.ndarray, "N D"], gradients: Float64[np.ndarray, "N D"]
    ) -> Float64[np.ndarray, "N D"]:
        """Return the gradients."""
        return gradients


@final
class QuantilePrior(Prior):
    """Independent coordinates, each with a distribution of SciPy's or bounds.

    Args:
        variables: name -> shape, one coordinate for each distribution.
        quantiles: of each coordinate, (inverse of F, inverse of 1 − F, density).
        constant: nats to add to the log density.
    """

    def __init__(
        self,
        variables: dict[str, tuple[int, ...]],
        quantiles: Sequence[tuple[Callable, Callable, Callable]],
        constant: float = 0.0,
    ):
        self.variables, self.constant = variables, constant
        self._quantiles = tuple(quantiles)

    def parameters(self, z: Float64[np.ndarray, "N D"]) -> Float64[np.ndarray, "N D"]:
        """Map points of R^D to parameters, one coordinate at a time."""
        from scipy.special import ndtr  # a tenth of a second to import

        x = np.empty_like(z)
        tail = np.maximum(ndtr(-np.abs(z)), _TINY)
        for i, (ppf, isf, _) in enumerate(self._quantiles):
            x[:, i] = np.where(z[:, i] > 0.0, isf(tail[:, i]), ppf(tail[:, i]))
        return x

    def log_density(self, z: Float64[np.ndarray, "N D"]) -> Float64[np.ndarray, " N"]:
        """Log density of N(0, I)."""
        return _standard(z)

    def pull_back(
        self, z: Float64[np.ndarray, "N D"], gradients: Float64[np.ndarray, "N D"]
    ) -> Float64[np.ndarray, "N D"]:
        """Multiply by dθ/dz = φ(z) / p(θ)."""
        x = self.parameters(z)
        normal = np.exp(-0.5 * z**2 - 0.5 * LOG_2PI)
        density = np.stack([pdf(x[:, i]) for i, (_, _, pdf) in enumerate(self._quantiles)], axis=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            return gradients * normal / density - z


@final
class CubePrior(Prior):
    """A prior given by a function of the unit cube.

    Args:
        transform: from u in (0, 1)^D to the parameters (D,), or of many at once.
        variables: name -> shape.
        vectorized: whether it takes (N, D).
    """

    def __init__(
        self, transform: Callable, variables: dict[str, tuple[int, ...]], vectorized: bool
    ):
        self.variables = variables
        self._transform, self._vectorized = transform, vectorized

    def parameters(self, z: Float64[np.ndarray, "N D"]) -> Float64[np.ndarray, "N D"]:
        """Map points of R^D to the cube, and on to parameters."""
        from scipy.special import ndtr  # a tenth of a second to import

        u = np.clip(ndtr(z), _TINY, _LARGEST)
        if self._vectorized:
            return self._checked(self._called(u), u.shape)
        x = np.empty_like(u)
        for i, point in enumerate(u):
            x[i] = self._checked(self._called(point), point.shape)
        return x

    def log_density(self, z: Float64[np.ndarray, "N D"]) -> Float64[np.ndarray, " N"]:
        """Log density of N(0, I)."""
        return _standard(z)

    def pull_back(
        self, z: Float64[np.ndarray, "N D"], gradients: Float64[np.ndarray, "N D"]
    ) -> Float64[np.ndarray, "N D"]:
        """Multiply by dθ/dz, from central differences of the transform."""
        result = -z
        for i in range(z.shape[1]):
            step = np.zeros(z.shape[1])
            step[i] = 1e-5
            slope = (self.parameters(z + step) - self.parameters(z - step)) / 2e-5
            result[:, i] += np.sum(slope * gradients, axis=1)
        return result

    def _called(self, u: np.ndarray) -> Any:
        try:
            return self._transform(u.copy())
        except Exception as error:
            raise InputError(
                f"the prior transform raised {described(error)}, for an array of shape {u.shape}: "
                "it is to map points of the unit cube to parameters."
            ) from error

    def _checked(self, result: Any, shape: tuple[int, ...]) -> np.ndarray:
        try:
            array = np.asarray(result)
        except ValueError:  # rows of unlike length
            array = np.empty(0, object)
        if array.dtype.kind not in "fiub":
            kind = "None" if result is None else f"a {type(result).__name__} that holds no numbers"
            raise InputError(f"the prior transform returned {kind}: return an array of floats.")
        if array.shape != shape:
            raise InputError(
                f"the prior transform returned an array of shape {array.shape} for one of shape "
                f"{shape}: return one parameter for each coordinate of the cube."
            )
        return array.astype(np.float64)


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
