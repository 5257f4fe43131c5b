"""The standard error of a mean over draws of which each stratum has a number that is fixed."""

import numpy as np
from jaxtyping import Float, Int

__all__ = ["error_of_mean"]


def error_of_mean(values: Float[np.ndarray, " S"], strata: Int[np.ndarray, " S"] | None) -> float:
    r"""Return the standard error of the mean of values, one a draw.

    .. math:: \Big(\sum_h \frac{S_h}{S^2} s_h^2\Big)^{1/2}

    for strata of S_h draws whose values have the variance s_h² (Cochran 1977, Sampling Techniques,
    eq. 5.7): what differs between strata is no noise. Of all draws alike it is s/√S.

    Args:
        values: shape (S,).
        strata: of each draw, from 0; None where all are independent draws of one law.

    Example:
        >>> values, strata = np.array([1.0, 1.2, 5.0, 5.2]), np.array([0, 0, 1, 1])
        >>> round(error_of_mean(values, strata), 4), round(error_of_mean(values, None), 2)
        (0.0707, 1.16)
    """
    if strata is None:
        strata = np.zeros(len(values), int)
    counts = np.bincount(strata)
    means = np.bincount(strata, values) / np.maximum(counts, 1)
    # One draw alone has no variance: it is held against all others.
    alone = counts[strata] < 2
    squares = (values - np.where(alone, np.mean(values), means[strata])) ** 2
    bessel = np.where(alone, 1.0, (counts / np.maximum(counts - 1, 1))[strata])
    return float(np.sqrt(squares @ bessel) / len(values))
