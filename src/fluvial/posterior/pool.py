r"""Evaluated draws from which a posterior's draws are taken.

However many draws are asked for, few repeat. Let n be taken from S points whose weights w̃, of mean
1, have an effective sample size E: systematic resampling takes a point n w̃/S times, up to one. If
S ≥ c n with c = S/E = mean w̃², the share of draws that repeat another is about

.. math:: E[\tilde w - c]_+ \le E[\tilde w^2] / 4c = 1/4,

since (w − c)₊ ≤ w²/4c. So n draws are made from at least n S/E points.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from fluvial.objectives import Importance
from fluvial.posterior.defense import widened
from fluvial.posterior.mixture import Mixture
from fluvial.targets import Target

__all__ = ["Pool", "large_enough"]

# Points a draw: more are not made of weights so uneven that nothing is promised of them, which
# is below an effective sample size of 400 of 8,192.
_MOST = 20


@dataclass(frozen=True, eq=False)
class Pool:
    """Points in unconstrained space with normalized weights.

    Attributes:
        points: shape (S, D), float64.
        log_p: log density of the target at each, in nats, shape (S,).
        log_weights: normalized so that the weights sum to 1, shape (S,).
        chains: how many chains of equal length the points are, one after the other; 1 if the
            points are independent.
        widened: whether they are draws of the approximation with a wider base.
    """

    points: Float[np.ndarray, "S D"]
    log_p: Float[np.ndarray, " S"]
    log_weights: Float[np.ndarray, " S"]
    chains: int = 1
    widened: bool = False

    @property
    def ess(self) -> float:
        """The effective sample size of the weights, 1/Σw²; 0 if none of them is finite."""
        squares = float(np.sum(np.exp(2.0 * self.log_weights)))
        return 1.0 / squares if squares > 0.0 else 0.0

    @property
    def size(self) -> int:
        """S, the number of points."""
        return len(self.points)

    def choose(self, n: int, seed: int) -> np.ndarray:
        """Indices of ``n`` points in proportion to their weights, by systematic resampling."""
        rng = np.random.default_rng(seed)
        edges = np.cumsum(np.exp(self.log_weights))
        ticks = (np.arange(n) + rng.uniform()) / n * edges[-1]
        indices = np.searchsorted(edges, ticks)
        return rng.permutation(np.minimum(indices, self.size - 1))


def large_enough(pool: Pool, q: Mixture, target: Target | None, n: int, seed: int) -> Pool:
    """Return a pool large enough for ``n`` draws: the same one, or one with more points.

    So many are drawn and weighed that at most about a quarter of the draws repeat another. Chains,
    and expensive evaluations, are never repeated.

    Args:
        pool: draws of ``q``, that tell how even the weights are; of a mixture of Gaussians, whose
            density costs nothing, what it holds is kept.
        q: the approximation.
        target: the density, where it is available.
        n: how many draws will be taken.
        seed: decides the points.
    """
    if n <= pool.size or pool.chains > 1 or target is None or target.black_box is not None:
        return pool
    size = int(np.ceil(n * min(pool.size / max(pool.ess, 1.0), _MOST)))
    proposal = widened(q) if pool.widened else q
    kept = slice(None) if q.gaussians and target.streamed is None else slice(0)
    x, log_p = pool.points[kept], pool.log_p[kept]
    log_q = proposal.log_prob(x) if len(x) else np.empty(0)
    fresh, log_q_fresh = proposal.sample(np.random.default_rng((n, seed)), max(size - len(x), 1))
    x, log_p = np.concatenate([x, fresh]), np.concatenate([log_p, target.values(fresh)])
    log_w = log_p - np.concatenate([log_q, log_q_fresh])
    return Pool(x, log_p, Importance(log_w).smoothed, widened=pool.widened)
