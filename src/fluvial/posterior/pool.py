"""Evaluated draws from which a posterior's draws are taken."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from fluvial.inference.chains import Chains

__all__ = ["Pool", "pool_of_chains"]


@dataclass(frozen=True, eq=False)
class Pool:
    """Points in unconstrained space with normalized weights.

    Attributes:
        points: shape (S, D), float64.
        log_p: log density of the target at each, in nats, shape (S,).
        log_weights: normalized so that the weights sum to 1, shape (S,).
        chains: how many chains of equal length the points are, one after the other; 1 if the
            points are independent.
    """

    points: Float[np.ndarray, "S D"]
    log_p: Float[np.ndarray, " S"]
    log_weights: Float[np.ndarray, " S"]
    chains: int = 1

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


def pool_of_chains(chains: list[Chains], shares: Float[np.ndarray, " M"]) -> Pool:
    """Put the chains of all modes together, each mode with its share of the mass."""
    points = np.concatenate([c.draws.reshape(-1, c.draws.shape[2]) for c in chains])
    log_p = np.concatenate([c.log_p.ravel() for c in chains])
    log_weights = np.concatenate(
        [
            np.full(c.log_p.size, np.log(share / c.log_p.size))
            for c, share in zip(chains, shares, strict=True)
        ]
    )
    return Pool(points, log_p, log_weights, chains=sum(c.draws.shape[0] for c in chains))
