r"""Pareto smoothing of importance weights (Vehtari et al. 2024, arXiv 1507.02646).

If the largest of S weights have the tail of a generalized Pareto distribution with shape k, then
their moments exist up to 1/k. The tail is fitted, its shape is the diagnostic k-hat, and the
largest weights are replaced by the quantiles of the fit, which vary less.

ArviZ has the same; here it is apart because ArviZ takes longer to import than most fits to run.
"""

import numpy as np
from jaxtyping import Float

from fluvial.log_sum_exp import log_sum_exp

__all__ = ["fit_tail", "smooth_tail"]

_LEAST = 1e-290  # arithmetic: its inverse, times the grid, is finite

_LEAST_TAIL = 5
_ALIKE = 1e-10  # nats: weights that differ by less differ by rounding
_PRIOR_SHAPE, _PRIOR_WEIGHT = 0.5, 10.0


def smooth_tail(log_weights: Float[np.ndarray, " S"]) -> tuple[Float[np.ndarray, " S"], float]:
    """Replace the M = ⌈min(S/5, 3√S)⌉ largest weights by quantiles of their Pareto fit.

    The z-th smallest of them becomes the quantile at (z − 1/2)/M, or the largest weight where
    that is smaller (Vehtari et al. 2024, section 2.3 and appendix).

    Args:
        log_weights: finite, in nats, shape (S,).

    Returns:
        Normalized log weights, shape (S,), and k-hat: inf if the tail has too few draws to
        tell, −inf if the largest weights are all equal, so that there is no tail.

    Example:
        >>> weights = np.random.default_rng(0).pareto(2.0, 4000)
        >>> log_weights, khat = smooth_tail(np.log(weights))
        >>> round(khat, 1), round(float(np.exp(log_weights).sum()), 6)
        (0.6, 1.0)
    """
    log_w = log_weights - np.max(log_weights)
    size = int(np.ceil(min(len(log_w) / 5.0, 3.0 * np.sqrt(len(log_w)))))
    if size < _LEAST_TAIL:
        return log_w - log_sum_exp(log_w), np.inf
    order = np.argsort(log_w)
    tail, cutoff = order[-size:], np.exp(log_w[order[-size - 1]])
    excess = np.exp(log_w[tail]) - cutoff
    if log_w[tail[0]] > -_ALIKE:
        return log_w - log_sum_exp(log_w), -np.inf
    if np.count_nonzero(excess) < _LEAST_TAIL:
        return log_w - log_sum_exp(log_w), np.inf
    shape, scale = fit_tail(excess[excess > 0.0])
    exceeded = -np.log1p(-(np.arange(size) + 0.5) / size)  # −ln of the share that is larger
    quantiles = cutoff + scale * _growth(shape, exceeded)
    log_w[tail] = np.minimum(np.log(quantiles), 0.0)
    return log_w - log_sum_exp(log_w), shape


def fit_tail(excess: Float[np.ndarray, " M"]) -> tuple[float, float]:
    r"""Fit a generalized Pareto distribution, F(x) = 1 − (1 + kx/σ)^{−1/k}.

    With θ = −k/σ the likelihood has a profile, k(θ) = mean ln(1 − θx); θ is its mean over the
    profile likelihood on a grid that the data set (Zhang & Stephens 2009, Technometrics 51).
    The shape is then drawn to 0.5 as if by ten draws more (Vehtari et al. 2024, appendix).

    Args:
        excess: positive, in ascending order, shape (M,).

    Returns:
        k and σ.

    Example:
        >>> shape, scale = fit_tail(np.sort(np.random.default_rng(0).exponential(2.0, 5000)))
        >>> abs(shape) < 0.05, 1.9 < scale < 2.1
        (True, True)
    """
    size = len(excess)
    grid = 30 + int(np.sqrt(size))
    # Where a quarter of the excesses is nothing beside the largest, the grid stays finite.
    quartile = max(excess[int(size / 4 + 0.5) - 1], _LEAST * excess[-1])
    j = np.arange(1, grid + 1)
    theta = 1.0 / excess[-1] + (1.0 - np.sqrt(grid / (j - 0.5))) / (3.0 * quartile)
    shape = np.mean(np.log1p(-theta[:, None] * excess), axis=1)
    profile = size * (np.log(-theta / shape) - shape - 1.0)
    theta_mean = float(np.sum(theta * np.exp(profile - log_sum_exp(profile))))
    k = float(np.mean(np.log1p(-theta_mean * excess)))
    shrunk = (size * k + _PRIOR_WEIGHT * _PRIOR_SHAPE) / (size + _PRIOR_WEIGHT)
    return shrunk, -k / theta_mean


def _growth(shape: float, exceeded: Float[np.ndarray, " M"]) -> Float[np.ndarray, " M"]:
    """(e^{kt} − 1)/k, which is t at k = 0."""
    if abs(shape) < 1e-12:
        return exceeded
    with np.errstate(over="ignore"):  # of weights that nothing but their largest matters of
        return np.expm1(shape * exceeded) / shape
