"""Which numbers are counts."""

from numbers import Integral
from typing import Any

from fluvial.errors import InputError

__all__ = ["check_count"]


def check_count(count: Any, name: str, least: int = 1) -> None:
    """Check that a number counts something.

    Args:
        count: the number.
        name: what the caller calls it.
        least: the smallest that makes sense.

    Raises:
        InputError: if it is not a whole number, or too small.

    Example:
        >>> check_count(1.5, "n")
        Traceback (most recent call last):
        ...
        fluvial.errors.InputError: n=1.5: give a whole number, at least 1.
    """
    whole = isinstance(count, Integral) and not isinstance(count, bool)
    if not whole or count < least:
        raise InputError(f"{name}={count!r}: give a whole number, at least {least}.")
