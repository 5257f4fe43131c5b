r"""Importance weights of an approximation q, and what they say: evidence, Pareto k-hat, ESS.

With w = p(x)/q(x), x ~ q, the evidence is Z = E[w] and the ELBO is E[ln w] ≤ ln Z.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float, Int

from fluvial.log_sum_exp import log_sum_exp
from fluvial.objectives.pareto import smooth_tail
from fluvial.objectives.stratified import error_of_mean, error_of_replicates

__all__ = ["Importance", "importance_weighted_bound", "joined"]


@dataclass(frozen=True, eq=False)
class Importance:
    """Log weights ln p(x) − ln q(x) of draws from q, in nats, and their diagnostics.

    A draw outside the support has weight zero (−inf); NaN and +inf count as zero as well, and are
    counted in ``nonfinite``.

    Args:
        log_weights: shape (S,), float64.
        strata: of each draw the stratum that it was taken from, shape (S,), where how many draws
            each has was not left to chance; by default all are independent draws of q.
        replicates: of each draw the replicate that it belongs to, shape (S,), where draws of one
            replicate depend on each other, and replicates do not.
        attainable_share: the effective sample size that they would have if q were the target, as a
            share of their number; draws with a wider base have less than 1.

    Example:
        >>> weights = Importance(np.array([0.0, 0.1, -0.1, 0.05]))
        >>> round(weights.elbo, 4), round(weights.log_evidence, 4)
        (0.0125, 0.0152)
    """

    log_weights: Float[np.ndarray, " S"]
    strata: Int[np.ndarray, " S"] | None = None
    replicates: Int[np.ndarray, " S"] | None = None
    attainable_share: float = 1.0

    @property
    def size(self) -> int:
        """S, the number of draws."""
        return len(self.log_weights)

    @property
    def nonfinite(self) -> int:
        """How many weights are NaN or infinite."""
        return int(np.sum(~np.isfinite(self.log_weights)))

    @cached_property
    def usable(self) -> Float[np.ndarray, " S"]:
        """The log weights with −inf for every one that is not finite."""
        return np.where(np.isfinite(self.log_weights), self.log_weights, -np.inf)

    @cached_property
    def _finite(self) -> np.ndarray:
        return self.log_weights[np.isfinite(self.log_weights)]

    @property
    def elbo(self) -> float:
        """E_q[ln p − ln q] over the finite draws, in nats; −inf if there are none."""
        return float(np.mean(self._finite)) if len(self._finite) else -np.inf

    @property
    def elbo_se(self) -> float:
        """Standard error of ``elbo``, in nats."""
        return float(np.sqrt(2.0 * self.half_variance / max(len(self._finite), 1)))

    @cached_property
    def half_variance(self) -> float:
        """Var(ln w)/2, in nats: what KL(q‖p) is where q is nearly right."""
        with np.errstate(over="ignore"):  # of log weights beyond 1e154 the variance is infinite
            return float(0.5 * np.var(self._finite)) if len(self._finite) else np.inf

    @cached_property
    def log_evidence(self) -> float:
        """Ln of the mean weight, an estimate of ln Z, in nats."""
        return float(log_sum_exp(self.usable) - np.log(self.size)) if len(self._finite) else -np.inf

    @property
    def log_evidence_se(self) -> float:
        """Standard error of ``log_evidence``, by the delta method, of replicates or in strata."""
        if not self.ess:
            return self.unstratified_se
        values = np.exp(self.usable - self.log_evidence)
        if self.replicates is not None and np.ptp(self.replicates) > 0:
            return error_of_replicates(values, self.replicates)
        return self.unstratified_se if self.strata is None else error_of_mean(values, self.strata)

    @property
    def unstratified_se(self) -> float:
        r"""The standard error that as many independent draws would have: sd(w) / (mean(w) √S)."""
        return float(np.sqrt(max(1.0 / self.ess - 1.0 / self.size, 0.0))) if self.ess else np.inf

    @cached_property
    def ess(self) -> float:
        """Effective sample size (Σw)²/Σw² (Kish), between 1 and S; 0 if no weight is finite."""
        if not len(self._finite):
            return 0.0
        log_sum, log_squares = (float(log_sum_exp(c * self.usable)) for c in (1.0, 2.0))
        return float(np.exp(2.0 * log_sum - log_squares))

    @property
    def attainable_ess(self) -> float:
        """The effective sample size that they would have if q were the target."""
        return self.attainable_share * self.size

    @property
    def khat(self) -> float:
        """Pareto shape of the largest weights (Vehtari et al. 2024); inf if they are too few."""
        return self._smoothed[1]

    @property
    def largest(self) -> float:
        """The largest weight, as a multiple of the mean weight; inf if no weight is finite."""
        return float(np.exp(np.max(self.usable) - self.log_evidence)) if self.ess else np.inf

    @property
    def khat_threshold(self) -> float:
        """min(1 − 1/log10 S, 0.7): above it the estimates of S draws cannot be relied on."""
        return float(min(1.0 - 1.0 / np.log10(max(self.size, 11)), 0.7))

    @property
    def smoothed(self) -> Float[np.ndarray, " S"]:
        """Pareto-smoothed log weights, shape (S,), normalized so that the weights sum to 1."""
        return self._smoothed[0]

    @cached_property
    def _smoothed(self) -> tuple[np.ndarray, float]:
        smoothed = np.full(self.size, -np.inf)
        if not len(self._finite):
            return smoothed, np.inf
        log_weights, khat = smooth_tail(self._finite)
        smoothed[np.isfinite(self.log_weights)] = log_weights
        return smoothed, khat


def joined(parts: Sequence[Importance]) -> Importance:
    """Return the weights of draws of one law that were made in several parts.

    Example:
        >>> both = joined([Importance(np.zeros(2), np.array([0, 1]), np.array([0, 0]))] * 2)
        >>> both.strata.tolist(), both.replicates.tolist()
        ([0, 1, 0, 1], [0, 0, 1, 1])
    """
    log_weights = np.concatenate([part.log_weights for part in parts])
    strata = [part.strata for part in parts]
    replicates, begun = [], 0
    for part in parts:
        own = part.replicates
        replicates.append(None if own is None else begun + own)
        begun += 0 if own is None else int(np.max(own, initial=-1)) + 1
    labels = _concatenated(strata), _concatenated(replicates)
    return Importance(log_weights, *labels, parts[0].attainable_share)


def _concatenated(labels: Sequence[np.ndarray | None]) -> np.ndarray | None:
    """All labels, if every part has them."""
    known = [part for part in labels if part is not None]
    return np.concatenate(known) if len(known) == len(labels) else None


def importance_weighted_bound(log_weights: Float[np.ndarray, " S"], samples: int) -> float:
    r"""The importance-weighted bound with K samples, in nats (Burda et al. 2016, eq. 8).

    .. math:: L_K = E\left[\ln \frac{1}{K} \sum_{k=1}^K w_k\right], \qquad L_1 = ELBO, \quad
              L_K \nearrow \ln Z

    Args:
        log_weights: ln w of independent draws; the last S mod K of them are not used.
        samples: K, between 1 and S.

    Raises:
        ValueError: if K is not between 1 and S.

    Example:
        >>> log_weights = np.array([0.0, 1.0, 2.0, 3.0])
        >>> importance_weighted_bound(log_weights, 1), importance_weighted_bound(log_weights, 4)
        (1.5, 2.0538...)
    """
    groups = len(log_weights) // samples if samples > 0 else 0
    if groups < 1:
        raise ValueError(f"samples must be between 1 and {len(log_weights)}, got {samples}.")
    grouped = np.reshape(log_weights[: groups * samples], (groups, samples))
    return float(np.mean(log_sum_exp(grouped, axis=1) - np.log(samples)))
