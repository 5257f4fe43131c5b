"""Which numbers are seeds."""

from numbers import Integral

from fluvial.errors import InputError

__all__ = ["LARGEST_SEED", "check_seed"]

# Of a larger one JAX takes the lowest 32 bits, so that two seeds would be the same.
LARGEST_SEED = 2**32 - 1


def check_seed(seed: int) -> None:
    """Check that a number is a seed.

    Raises:
        InputError: if it is not a whole number, is negative, or JAX would cut it off.

    Example:
        >>> check_seed(2**32)
        Traceback (most recent call last):
        ...
        fluvial.errors.InputError: seed=4294967296: give a whole number from 0 to 4294967295.
    """
    if not isinstance(seed, Integral) or not 0 <= seed <= LARGEST_SEED:
        raise InputError(f"seed={seed}: give a whole number from 0 to {LARGEST_SEED}.")
