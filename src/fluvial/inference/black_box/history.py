r"""All points of a population with the proposals that they came from, weighed together.

Draw n_j points from each proposal q_j. With the deterministic mixture weights of all points

.. math:: w_i = p(x_i) \Big/ \sum_j \frac{n_j}{N} q_j(x_i)

(Owen & Zhou 2000, JASA 95; adaptive: Cornuet et al. 2012, Scandinavian Journal of Statistics 39)
no point is lost, and none of an early, poor proposal has a large weight. At an inverse temperature
β they stand for :math:`π_0^{1-β} p^β`, where π₀ is the law from which everything started.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float, Int
from scipy.special import logsumexp

from fluvial.objectives import Importance
from fluvial.posterior.mixture import Mixture

__all__ = ["History"]


@dataclass(frozen=True, eq=False)
class History:
    """Points and proposals.

    Attributes:
        reference: π₀.
        x: all points, shape (N, D).
        log_p: log density of the target at each; −inf where it is not finite.
        proposals: q_1 … q_J.
        counts: how many points came from each; a row of points for each in turn.
        log_q: of every point under every proposal, shape (N, J).
        strata: of every point, if all are stratified draws of one proposal.
    """

    reference: Mixture
    x: Float[np.ndarray, "N D"]
    log_p: Float[np.ndarray, " N"]
    proposals: tuple[Mixture, ...]
    counts: tuple[int, ...]
    log_q: Float[np.ndarray, "N J"]
    strata: Int[np.ndarray, " N"] | None = None

    @classmethod
    def empty(cls, reference: Mixture) -> "History":
        """Return one without points."""
        none = np.empty((0, reference.dim))
        return cls(reference, none, np.empty(0), (), (), np.empty((0, 0)))

    def __len__(self) -> int:
        return len(self.x)

    def with_draws(
        self, proposal: Mixture, x: Float[np.ndarray, "K D"], log_p: Float[np.ndarray, " K"]
    ) -> "History":
        """Return one with the draws of one more proposal."""
        if not len(x):
            return self
        old = np.column_stack([self.log_q, proposal.log_prob(self.x)]) if len(self) else None
        new = np.column_stack([q.log_prob(x) for q in (*self.proposals, proposal)])
        return History(
            self.reference,
            np.concatenate([self.x, x]),
            np.concatenate([self.log_p, np.where(np.isfinite(log_p), log_p, -np.inf)]),
            (*self.proposals, proposal),
            (*self.counts, len(x)),
            new if old is None else np.concatenate([old, new]),
        )

    def merged(self, other: "History") -> "History":
        """Return the points of both, weighed by the proposals of both."""
        ours = [q.log_prob(other.x) for q in self.proposals]
        theirs = [q.log_prob(self.x) for q in other.proposals]
        return History(
            self.reference,
            np.concatenate([self.x, other.x]),
            np.concatenate([self.log_p, other.log_p]),
            self.proposals + other.proposals,
            self.counts + other.counts,
            np.block(
                [
                    [self.log_q, np.column_stack(theirs)],
                    [np.column_stack(ours), other.log_q],
                ]
            ),
        )

    @cached_property
    def log_mixture(self) -> Float[np.ndarray, " N"]:
        """Log density of each point under the mixture of all proposals."""
        return np.asarray(logsumexp(self.log_q + np.log(self.shares), axis=1))

    @cached_property
    def log_reference(self) -> Float[np.ndarray, " N"]:
        """Log density of each point under π₀."""
        return self.reference.log_prob(self.x)

    def log_weights(self, beta: float = 1.0) -> Float[np.ndarray, " N"]:
        """Log weights at an inverse temperature, not normalized: their mean estimates Z."""
        tempered = self.log_p if beta == 1.0 else beta * (self.log_p - self.log_reference)
        return tempered + (0.0 if beta == 1.0 else self.log_reference) - self.log_mixture

    @property
    def importance(self) -> Importance:
        """The weights, with the strata of the draws where these are known."""
        return Importance(self.log_p - self.log_mixture, self.strata)

    @property
    def shares_of_mass(self) -> Float[np.ndarray, " N"]:
        """The weights at β = 1, normalized; zeros if none is finite."""
        log_w = self.log_weights()
        top = np.max(log_w, initial=-np.inf)
        w = np.exp(log_w - top) if np.isfinite(top) else np.zeros(len(log_w))
        return w / max(w.sum(), 1e-300)

    @property
    def shares(self) -> Float[np.ndarray, " J"]:
        """The share of points from each proposal."""
        return np.asarray(self.counts) / len(self)

    @property
    def log_evidence(self) -> float:
        """Ln of the mean weight, in nats."""
        log_w = self.log_weights()
        return float(logsumexp(log_w) - np.log(len(log_w))) if len(log_w) else -np.inf

    @property
    def latest(self) -> slice:
        """The rows of the last proposal's draws."""
        return slice(len(self) - self.counts[-1], len(self))
