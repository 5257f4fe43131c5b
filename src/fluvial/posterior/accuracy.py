r"""How precise weighted draws are, and how far the approximation is from them.

With normalized weights w of the target and v of the approximation q at the same points, a mean is
Σ w x, and q's own is Σ v x. Both differ by noise that they share: to first order

.. math:: \sum_i (v_i - w_i) (x_i - \mu) \pm \Big(\sum_i (v_i - w_i)^2 (x_i - \mu)^2\Big)^{1/2},

which is exactly 0 where q is the target (the delta method: Owen 2013, eq. 9.9, for a difference).
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

__all__ = ["ApproximationError", "Precision", "approximation_error", "precision", "shifts"]

_NUMBERS = 2**21  # of the draws' coordinates that are looked at together: 16 MB


@dataclass(frozen=True)
class Precision:
    """How many exact draws the weighted draws are worth, in the worst coordinate.

    Attributes:
        mean_ess: for estimating its mean.
        variance_ess: for estimating its variance.
    """

    mean_ess: float
    variance_ess: float

    @property
    def mean_se(self) -> float:
        """Standard error of a mean, in standard deviations."""
        return self.mean_ess**-0.5 if self.mean_ess > 0.0 else np.inf

    @property
    def log_sd_se(self) -> float:
        """Standard error of the log of a standard deviation, where the margin is Gaussian."""
        return (2.0 * self.variance_ess) ** -0.5 if self.variance_ess > 0.0 else np.inf


@dataclass(frozen=True)
class ApproximationError:
    """How far unweighted draws of q are from weighted ones, in the worst coordinate.

    Attributes:
        mean_shift: the largest distance of a mean, in standard deviations.
        mean_shift_se: its standard error.
        log_sd_shift: the largest distance of the log of a standard deviation.
        log_sd_shift_se: its standard error.
    """

    mean_shift: float
    mean_shift_se: float
    log_sd_shift: float
    log_sd_shift_se: float

    @property
    def bound(self) -> float:
        """The larger of both shifts, plus two of its standard errors."""
        means = self.mean_shift + 2.0 * self.mean_shift_se
        return float(np.fmax(means, self.log_sd_shift + 2.0 * self.log_sd_shift_se))


# Where a density has no moments, what is measured of them may be infinite, and is then not precise.
@np.errstate(over="ignore", invalid="ignore", divide="ignore")
def precision(x: Float[np.ndarray, "S D"], w: Float[np.ndarray, " S"]) -> Precision:
    """Measure how precise weighted moments are.

    Args:
        x: draws.
        w: their weights, summing to 1.

    Example:
        >>> x = np.random.default_rng(0).standard_normal((1000, 3))
        >>> round(precision(x, np.full(1000, 1e-3)).mean_ess)
        1000
    """
    used = w > 0.0
    parts = [_precision(part[used], w[used]) for part in _blocks(x)]
    return Precision(min(part.mean_ess for part in parts), min(part.variance_ess for part in parts))


def _precision(x: Float[np.ndarray, "S D"], w: Float[np.ndarray, " S"]) -> Precision:
    squares = (x - w @ x) ** 2
    return Precision(_ess(squares, w), _ess((squares - w @ squares) ** 2, w))


def _blocks(*parts: Float[np.ndarray, "_ D"]) -> Iterator[Float[np.ndarray, "S n"]]:
    """Some coordinates at a time: what is made of all of them would not fit in memory."""
    dim = parts[0].shape[1]
    count = -(-sum(part.size for part in parts) // _NUMBERS)
    for columns in np.array_split(np.arange(dim), min(max(count, 1), dim)):
        block = slice(columns[0], columns[-1] + 1)
        yield np.concatenate([part[:, block] for part in parts])


@np.errstate(over="ignore", invalid="ignore", divide="ignore")
def approximation_error(
    x: Float[np.ndarray, "_ D"],
    w: Float[np.ndarray, " S"],
    v: Float[np.ndarray, " S"],
    *more: Float[np.ndarray, "_ D"],
) -> ApproximationError:
    """Compare the moments of an approximation with those of its target.

    Args:
        x: points.
        w: weights that make them draws of the target, summing to 1.
        v: weights that make them draws of the approximation, summing to 1.
        more: further points, to which the last of the weights belong.

    Example:
        >>> x = np.random.default_rng(0).standard_normal((8000, 1))
        >>> w = np.exp(0.2 * x[:, 0])  # from N(0, 1) to N(0.2, 1)
        >>> error = approximation_error(x, w / w.sum(), np.full(8000, 1 / 8000))
        >>> abs(error.mean_shift - 0.2) < 0.02, error.mean_shift_se < 0.005
        (True, True)
    """
    used = (w > 0.0) | (v > 0.0)
    parts = [shifts(part[used], w[used], v[used]) for part in _blocks(x, *more)]
    shift, noise, log_shift, log_noise = (np.concatenate(part) for part in zip(*parts, strict=True))
    return ApproximationError(*_worst(np.abs(shift), noise), *_worst(np.abs(log_shift), log_noise))


def shifts(
    x: Float[np.ndarray, "S D"], w: Float[np.ndarray, " S"], v: Float[np.ndarray, " S"]
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return by how much means and log sds by v are off those by w, for every coordinate.

    Returns:
        Shifts of means with their standard errors, then those of log sds, each of shape (D,).
    """
    right, off = w @ x, v @ x
    right_squares, off_squares = (x - right) ** 2, (x - off) ** 2
    rounding = (1e-12 * np.max(np.abs(x), axis=0, initial=0.0)) ** 2
    variance, off_variance = w @ right_squares + rounding, v @ off_squares + rounding
    difference = v - w
    sd = np.where(variance > 0.0, np.sqrt(variance), 1.0)
    shift = (off - right) / sd
    noise = np.sqrt(difference**2 @ right_squares) / sd
    log_shift = 0.5 * np.log(_ratio(off_variance, variance))
    influence = v[:, None] * (_ratio(off_squares, off_variance) - 1.0)
    influence -= w[:, None] * (_ratio(right_squares, variance) - 1.0)
    return shift, noise, log_shift, 0.5 * np.sqrt(np.sum(influence**2, axis=0))


def _ess(squares: Float[np.ndarray, "S D"], w: Float[np.ndarray, " S"]) -> float:
    """The smallest over coordinates of Σ w f² / Σ w² f²; a constant is known exactly."""
    spread = w**2 @ squares
    constant = spread == 0.0
    ess = np.where(constant, len(w), (w @ squares) / np.where(constant, 1.0, spread))
    return float(np.min(np.where(np.isnan(ess), 0.0, ess)))


def _ratio(over: np.ndarray, under: np.ndarray) -> np.ndarray:
    """A quotient, 1 where both are 0."""
    return np.where((over == 0.0) & (under == 0.0), 1.0, over / np.where(under == 0.0, 1.0, under))


def _worst(shift: Float[np.ndarray, " D"], noise: Float[np.ndarray, " D"]) -> tuple[float, float]:
    shift, noise = (np.where(np.isnan(values), np.inf, values) for values in (shift, noise))
    worst = int(np.argmax(shift))
    return float(shift[worst]), float(noise[worst])
