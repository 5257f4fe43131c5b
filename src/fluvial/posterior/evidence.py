"""What the importance weights of a fit say."""

import math
from dataclasses import dataclass

from fluvial.posterior.accuracy import ApproximationError

__all__ = ["Evidence"]


@dataclass(frozen=True)
class Evidence:
    """What the importance weights say, in nats unless stated otherwise.

    Attributes:
        elbo: E_q[ln p − ln q].
        elbo_se: its standard error.
        log_evidence: ln Z.
        log_evidence_se: its standard error, and what mass outside the approximation would add to
            ln Z, as far as a search has found any.
        half_variance: Var(ln w)/2, which is KL(q‖p) where q is nearly right.
        khat: Pareto shape of the largest weights; noise where the weights are even.
        ess: effective sample size, in draws.
        size: how many draws were weighed.
        largest: the largest weight, as a multiple of the mean.
        mean_shift: see ``ApproximationError``, as for those below.
        mean_shift_se: in standard deviations.
        log_sd_shift: of the log of a standard deviation.
        log_sd_shift_se: its standard error.
        khat_matters: whether k-hat is a finding: not where the weights are even, nor where none of
            them is large.
        up_to_constant: whether the target's log density, and so the ELBO and ln Z, are known up to
            a constant only. Such evidences cannot be compared with others.
        bridged: whether ln Z is by bridge sampling between draws of q and of chains; the other
            numbers are of the weights.
    """

    elbo: float
    elbo_se: float
    log_evidence: float
    log_evidence_se: float
    half_variance: float
    khat: float
    ess: float
    size: float = math.inf
    largest: float = math.inf
    mean_shift: float = math.inf
    mean_shift_se: float = math.inf
    log_sd_shift: float = math.inf
    log_sd_shift_se: float = math.inf
    khat_matters: bool = True
    up_to_constant: bool = False
    bridged: bool = False

    @property
    def approximation_error(self) -> ApproximationError:
        """The four shifts of the approximation from its weighted draws."""
        return ApproximationError(
            self.mean_shift, self.mean_shift_se, self.log_sd_shift, self.log_sd_shift_se
        )

    @property
    def unit(self) -> str:
        """The unit of the ELBO and of ln Z."""
        return "nats, up to a constant" if self.up_to_constant else "nats"
