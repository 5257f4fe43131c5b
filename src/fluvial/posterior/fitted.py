"""A fit without its model: the approximation, its weighed draws, and what they are worth."""

from abc import ABC
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from fluvial.deprecated import renamed
from fluvial.errors import InputError
from fluvial.posterior.accuracy import ApproximationError
from fluvial.posterior.evidence import Evidence
from fluvial.posterior.judgment import Judgment, Resolution, Verdict
from fluvial.posterior.links import Link, chain_evidence, links_from
from fluvial.posterior.mixture import Mixture
from fluvial.posterior.pool import Pool
from fluvial.posterior.provenance import Provenance
from fluvial.targets.batching import as_points

__all__ = ["Fitted"]


@dataclass(frozen=True, eq=False)
class Fitted(ABC):
    """What a fit has found, in unconstrained coordinates; ``Posterior`` adds the model's own space.

    Attributes:
        approximation: q, a mixture of flows and Gaussians.
        pool: the evaluated draws that ``draws`` takes from.
        evidence: what their weights say.
        judgment: verdict, reasons and advice.
        provenance: how it came about.
    """

    approximation: Mixture
    pool: Pool
    evidence: Evidence
    judgment: Judgment
    provenance: Provenance

    judgement = renamed("judgement", "judgment")

    @property
    def verdict(self) -> Verdict:
        """GOOD, USE_WEIGHTS, USE_MCMC or FAILED."""
        return self.judgment.verdict

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why the verdict is what it is, a sentence each."""
        return self.judgment.reasons

    @property
    def advice(self) -> str:
        """The next thing to do."""
        return self.judgment.advice

    @property
    def resolution(self) -> Resolution | None:
        """How narrow a mode would have been met; None but of a function of NumPy arrays."""
        return self.judgment.resolution

    @property
    def elbo(self) -> float:
        """Evidence lower bound E_q[ln p − ln q], in nats."""
        return self.evidence.elbo

    @property
    def elbo_se(self) -> float:
        """Standard error of ``elbo``, in nats."""
        return self.evidence.elbo_se

    @property
    def log_evidence(self) -> float:
        """Estimate of ln Z, in nats: from the weights or, under USE_MCMC, by bridge sampling."""
        return self.evidence.log_evidence

    @property
    def log_evidence_se(self) -> float:
        """Standard error of ``log_evidence``, in nats."""
        return self.evidence.log_evidence_se

    @property
    def khat(self) -> float:
        """Pareto k-hat, the shape of the largest weights: their moments exist up to 1/k-hat.

        Where the weights are even (``ess`` above 95 % of their number), it is that of their noise.
        """
        return self.evidence.khat

    @property
    def ess(self) -> float:
        """Effective sample size of the importance weights."""
        return self.evidence.ess

    @property
    def approximation_error(self) -> ApproximationError:
        """How far ``approximation``, unweighted, is from the draws; infinite if not measured."""
        return self.evidence.approximation_error

    @property
    def seconds(self) -> dict[str, float]:
        """Wall time by stage, in seconds."""
        return dict(self.provenance.seconds)

    @property
    def interrupted(self) -> bool:
        """Whether Ctrl-C cut the fit short."""
        return self.provenance.interrupted

    @property
    def chain(self) -> tuple[Link, ...]:
        """The earlier fits that took the place of the prior, the first one first."""
        return links_from(self.provenance.chain)

    @property
    def chain_log_evidence(self) -> tuple[float, float]:
        """Ln of the evidence of the data of the whole chain, in nats, and its standard error.

        What the approximations that became priors have taken from it is put back, as far as it was
        measured, and the standard error is that of all fits, and of what was put back; see
        ``fluvial.posterior.links``.
        """
        return chain_evidence(self.chain, self.log_evidence, self.log_evidence_se)

    def log_prob(self, x: np.ndarray) -> Float[np.ndarray, " N"]:
        """Normalized log density ln q at unconstrained points (N, D), in nats, float64.

        Raises:
            InputError: if the points do not have shape (N, D).
        """
        return self.approximation.log_prob(as_points(x, self.approximation.dim))

    def need_draws(self) -> None:
        """Raise an InputError if there are no draws, as for an improper density."""
        if not self.pool.size:
            raise InputError(f"this posterior has no draws. {self.reasons[0]}")
