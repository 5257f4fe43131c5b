"""The standard error of a mean over draws that are more even than independent ones are."""

import numpy as np
from jaxtyping import Float, Int

__all__ = ["error_of_mean", "error_of_replicates"]

_COVERED = 0.975  # the probability up to the upper end of a 95 % interval


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


def error_of_replicates(
    values: Float[np.ndarray, " S"], replicates: Int[np.ndarray, " S"]
) -> float:
    r"""Return the standard error of the mean of values whose replicates are independent.

    What draws of one replicate have in common, as those of one scrambled sequence have, is in its
    mean; with R of them, of S_r draws and with means m_r, the error is

    .. math:: \Big(\frac{R}{R - 1} \sum_r \Big(\frac{S_r}{S}\Big)^2 (m_r - m)^2\Big)^{1/2}
              \frac{t_{R-1}}{z}

    (Owen 2013, Monte Carlo theory, methods and examples, section 17.3), where the quantiles t of
    Student's law and z of the normal one are those of a 95 % interval: R may be small.

    Args:
        values: shape (S,).
        replicates: of each draw, from 0, of which there are at least two.

    Example:
        >>> values, replicates = np.array([0.0, 2.0, 1.1, 1.1]), np.array([0, 0, 1, 1])
        >>> round(error_of_replicates(values, replicates), 2)
        0.32
    """
    from scipy.special import ndtri, stdtrit  # a tenth of a second to import

    counts = np.bincount(replicates)
    counts = counts[counts > 0]
    _, replicates = np.unique(replicates, return_inverse=True)
    means = np.bincount(replicates, values) / counts
    free = len(counts) - 1
    squares = (counts / len(values)) ** 2 @ (means - np.mean(values)) ** 2
    widening = stdtrit(free, _COVERED) / ndtri(_COVERED)
    return float(np.sqrt((free + 1) / free * squares) * widening)
