"""Do a row's terms depend on the rows next to it? Sums over blocks would then mean nothing."""

import numpy as np
from jaxtyping import Float

__all__ = ["first_apart"]

_AGREE = 1e-5  # relative: rows may be float32


def first_apart(one: Float[np.ndarray, " N"], other: Float[np.ndarray, " N"]) -> int | None:
    """Return the first row whose term differs between two computations; None if all agree.

    Example:
        >>> first_apart(np.array([1.0, np.nan]), np.array([1.0, np.nan]))
        >>> first_apart(np.array([1.0, 2.0]), np.array([1.0, 2.1]))
        1
    """
    with np.errstate(invalid="ignore"):
        agree = np.isclose(one, other, rtol=_AGREE, atol=_AGREE, equal_nan=True)
    return None if agree.all() else int(np.flatnonzero(~agree)[0])
