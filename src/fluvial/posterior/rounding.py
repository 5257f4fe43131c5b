"""Numbers written to as many digits as their standard deviation supports."""

import math

__all__ = ["rounded"]

_SHARE = 30.0
_MOST_DECIMALS = 6
_SMALLEST = 1e-3  # below it, and without decimals enough, a number is written with an exponent
_LARGEST_PLACE = 5  # a spread of ten millions or more is written with an exponent
_DOUBLE = 15  # decimal digits of a float64


def rounded(number: float, spread: float) -> str:
    """Write a number to the decimal place just below a thirtieth of a spread.

    That is the standard error of a mean that the verdict GOOD allows, in standard deviations.

    Args:
        number: what to write.
        spread: its standard deviation, or another measure of how exactly it matters.

    Example:
        >>> rounded(2015.4321, 3.04), rounded(1e8, 1.0), rounded(0.0123, 0.5)
        ('2015.4', '100000000.00', '0.01')
        >>> rounded(1.2345e12, 3e9), rounded(5.21e-9, 2e-10), rounded(3.0, 0.0)
        ('1.2345e+12', '5.210e-09', '3')
    """
    if not math.isfinite(number):
        return f"{number:g}"
    if not (math.isfinite(spread) and spread > 0.0):
        return f"{number:.6g}"
    magnitude = _exponent(number) if number else -math.inf
    place = int(max(_exponent(spread / _SHARE), magnitude - _DOUBLE + 1))
    value = round(number, -place) + 0.0  # no minus before a zero
    small = -place > _MOST_DECIMALS and abs(value) < _SMALLEST
    if value and (small or place > _LARGEST_PLACE):
        return f"{value:.{max(0, _exponent(value) - place)}e}"
    return f"{value:.{max(0, -place)}f}"


def _exponent(number: float) -> int:
    """The power of ten of a number's first digit, 0.3 / 30 being no less than 0.01."""
    return math.floor(math.log10(abs(number) * (1.0 + 1e-9)))
