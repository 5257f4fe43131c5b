r"""Whether ranks are uniform, by the simultaneous band of their empirical distribution function.

Of N values u that are uniform on (0, 1), N F(z) is binomial at every z. The statistic

.. math:: \gamma = \min_i 2 \min\{B(N F(z_i) \mid N, z_i), 1 - B(N F(z_i) - 1 \mid N, z_i)\}

is the level of the narrowest band that holds F at all z_i = i/K (Säilynoja, Bürkner & Vehtari
2022, Statistics and Computing 32, eq. 7); its law is simulated, which leads to a p-value, and
(K - 1) γ is an upper bound of it.
"""

from functools import lru_cache

import numpy as np
from jaxtyping import Float

__all__ = ["uniformity"]

_SIMULATIONS = 4000
_POINTS = 100  # z_i at most: the paper's choice where ranks are that fine


def uniformity(u: Float[np.ndarray, " N"]) -> float:
    """Return the p-value of the hypothesis that values are uniform on (0, 1).

    Args:
        u: ranks among L draws, as (rank + a uniform number) / (L + 1), so that they are continuous.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> uniformity(rng.uniform(size=200)) > 0.01, uniformity(rng.beta(2, 2, 200)) < 0.01
        (True, True)
    """
    size = len(u)
    points = min(size, _POINTS)
    found = _statistic(_counts(u[None], points), size)[0]
    simulated = (1 + np.sum(_law(size, points) <= found)) / (1 + _SIMULATIONS)
    # Beyond what simulations resolve: the chance that any of the points is so far out.
    return float(min(simulated, max(points - 1, 1) * found))


@lru_cache(maxsize=32)
def _law(size: int, points: int) -> Float[np.ndarray, " S"]:
    rng = np.random.default_rng(0)
    return _statistic(_counts(rng.uniform(size=(_SIMULATIONS, size)), points), size)


def _counts(u: Float[np.ndarray, "S N"], points: int) -> Float[np.ndarray, "S K"]:
    """How many values are at most z_i, for each i below K."""
    cells = np.minimum((u * points).astype(int), points - 1)
    counts = np.zeros((len(u), points))
    np.add.at(counts, (np.arange(len(u))[:, None], cells), 1.0)
    return np.cumsum(counts, axis=1)[:, :-1]


def _statistic(counts: Float[np.ndarray, "S K"], size: int) -> Float[np.ndarray, " S"]:
    from scipy.stats import binom  # half a second, which a fit by itself need not take

    at = np.arange(1, counts.shape[1] + 1) / (counts.shape[1] + 1)
    # one table for all simulations: the law at each z is of N + 1 values
    table = binom.cdf(np.arange(-1, size + 1)[:, None], size, at)
    whole = counts.astype(int)
    column = np.arange(len(at))
    below, above = table[whole + 1, column], 1.0 - table[whole, column]
    return 2.0 * np.min(np.minimum(below, above), axis=1)
