"""The exponent of a power law, from a straight line on log-log axes."""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

__all__ = ["Exponent", "exponent"]

_CONFIDENCE = 0.95

Numbers = Sequence[float | int] | np.ndarray


class Exponent(NamedTuple):
    """The exponent a of y = c x^a, with its confidence interval.

    Attributes:
        value: the least-squares slope of ln y against ln x.
        low: the lower end of the 95 % interval, by Student's t; NaN from two points.
        high: the upper end.
    """

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.2f} ({self.low:.2f} to {self.high:.2f})"


def exponent(x: Numbers, y: Numbers) -> Exponent:
    """Fit y = c x^a by least squares on the logarithms.

    Args:
        x: positive, at least two different values.
        y: positive, as many.

    Example:
        >>> print(exponent([1, 2, 4, 8], [3, 12, 48, 192]))
        2.00 (2.00 to 2.00)
    """
    from scipy.stats import linregress, t

    line: Any = linregress(np.log(x), np.log(y))
    slope, error = float(line.slope), float(line.stderr)
    count = np.size(x)
    if count == 2:
        return Exponent(slope, math.nan, math.nan)
    half = float(t.ppf(0.5 + _CONFIDENCE / 2, count - 2)) * error
    return Exponent(slope, slope - half, slope + half)
