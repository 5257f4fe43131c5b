r"""Bridge sampling: the evidence from draws of q and draws of p together.

With l = p/q unnormalized, n_1 draws of q and n_2 draws of p, the optimal bridge (Meng & Wong 1996,
Statistica Sinica 6, 831) is the fixed point of

.. math:: Z = \frac{\frac{1}{n_1} \sum_{x \sim q} \frac{l}{s_1 l + s_2 Z}}
                   {\frac{1}{n_2} \sum_{x \sim p} \frac{1}{s_1 l + s_2 Z}},
          \qquad s_i \propto n_i, \quad s_1 \text{ that of } p, \; s_2 \text{ that of } q.

Both averages are of bounded functions, so that neither tails of p that q lacks nor those of q that
p lacks ruin it, as they do importance weights. Its standard error is that of Frühwirth-Schnatter
(2004, Econometrics Journal 7, 143), eq. 14, with n_2 the effective number of correlated draws, and
the variance within strata where draws of q are stratified.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from fluvial.log_sum_exp import log_sum_exp
from fluvial.objectives.stratified import error_of_mean

__all__ = ["Bridge", "bridge"]

_STEPS = 1000
_SETTLED = 1e-10  # nats


class Bridge(NamedTuple):
    """An evidence by bridge sampling, in nats.

    Attributes:
        log_evidence: ln Z.
        se: its standard error.
    """

    log_evidence: float
    se: float


def bridge(
    from_q: Float[np.ndarray, " N"],
    from_p: Float[np.ndarray, "chains draws"],
    strata: Int[np.ndarray, " N"] | None = None,
) -> Bridge | None:
    """Estimate ln Z from log ratios ln p − ln q, p unnormalized, at draws of both.

    Args:
        from_q: at independent draws of q.
        from_p: at the draws of chains that have mixed.
        strata: of the draws of q, if how many each stratum has was not left to chance.

    Returns:
        The estimate, or None where no ratio of either is finite.

    Example:
        >>> import numpy as np
        >>> z = np.random.default_rng(0).normal(size=(2, 4000))
        >>> log_ratio = lambda x: 3.0 - 0.5 * (x - 0.5) ** 2 + 0.5 * x**2
        >>> estimate = bridge(log_ratio(z[0]), log_ratio(z[1] + 0.5).reshape(4, 1000))
        >>> abs(estimate.log_evidence - 3.0) < 3.0 * estimate.se, estimate.se < 0.02
        (True, True)
    """
    q, p = from_q[np.isfinite(from_q)], from_p.ravel()
    p = p[np.isfinite(p)]
    if not len(q) or not len(p):
        return None
    shares = np.log([_effective(from_p), len(from_q)])
    log_s = shares - log_sum_exp(shares)
    log_z = float(np.median(p))
    for _ in range(_STEPS):
        above = q - np.logaddexp(log_s[0] + q, log_s[1] + log_z)
        below = -np.logaddexp(log_s[0] + p, log_s[1] + log_z)
        # A draw of q where p is zero counts, with a ratio of zero.
        step = log_sum_exp(above) - np.log(len(from_q)) - log_sum_exp(below) + np.log(len(p))
        moved, log_z = abs(step - log_z), float(step)
        if moved < _SETTLED:
            break
    return Bridge(log_z, _standard_error(from_q, from_p, strata, log_s, log_z))


def _standard_error(from_q, from_p, strata, log_s, log_z) -> float:
    ratio = np.where(np.isfinite(from_q), from_q, -np.inf)
    f_q = np.exp(ratio - np.logaddexp(log_s[0] + ratio, log_s[1] + log_z))
    f_p = np.exp(log_z - np.logaddexp(log_s[0] + from_p, log_s[1] + log_z))
    f_p = np.nan_to_num(f_p)
    relative = (error_of_mean(f_q, strata) / np.mean(f_q)) ** 2
    relative += np.var(f_p) / np.mean(f_p) ** 2 / _effective(f_p)
    return float(np.sqrt(relative))


def _effective(values: Float[np.ndarray, "chains draws"]) -> float:
    """The effective number of draws for the mean of a quantity."""
    from arviz_stats.base.array import array_stats

    if not np.isfinite(values).all() or np.ptp(values) == 0.0:
        return float(values.size)
    ess = array_stats.ess(values, chain_axis=0, draw_axis=1, method="mean")
    return float(np.clip(ess, 1.0, values.size))
