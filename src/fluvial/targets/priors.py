r"""Priors of functions of NumPy arrays, each a map from N(0, I) on R^D to the parameters.

With Φ the normal distribution function, u = Φ(z) is uniform on the cube where z ~ N(0, I), and a
quantile function, or the ``prior_transform`` of nested sampling (Skilling 2006, Bayesian Analysis
1, 833), leads from there to the parameters. So the density in z is L(θ(z)) N(z; 0, I) whatever the
prior is, and needs no Jacobian. Beyond the median the survival function is inverted instead, so
that no digits are lost near 1.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any, final

import numpy as np
from jaxtyping import Float64

from fluvial.constants import LOG_2PI
from fluvial.errors import InputError, described
from fluvial.evaluating.calling import called

__all__ = ["CubePrior", "NoPrior", "Prior", "QuantilePrior"]

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
            return called(self._transform, u.copy())
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
