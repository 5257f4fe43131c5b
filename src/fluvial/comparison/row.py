"""One model of a comparison."""

from dataclasses import dataclass

__all__ = ["Row"]


@dataclass(frozen=True)
class Row:
    """One model; what is not known is None.

    Attributes:
        name: of the model.
        verdict: of its fit.
        log_evidence: ln Z, in nats; of a chain of fits, of all its data.
        log_evidence_se: its standard error.
        probability: among the models compared, if their evidences can be.
        probability_se: its standard error.
        probability_interval: 95 %.
        elpd: expected log pointwise predictive density by leave-one-out, in nats.
        elpd_se: its standard error.
        elpd_difference: from the best, in nats, and not positive.
        elpd_difference_se: its standard error.
        stacking_weight: of its predictions in the mixture that predicts best.
        bad_khat: observations whose leave-one-out weights cannot be relied on.
        prior_sensitivity: the largest of its parameters', by power scaling of the prior; above 0.05
            the prior matters (Kallioinen et al. 2024).
        sensitive: that parameter.
    """

    name: str
    verdict: str
    log_evidence: float
    log_evidence_se: float
    probability: float | None = None
    probability_se: float | None = None
    probability_interval: tuple[float, float] | None = None
    elpd: float | None = None
    elpd_se: float | None = None
    elpd_difference: float | None = None
    elpd_difference_se: float | None = None
    stacking_weight: float | None = None
    bad_khat: int | None = None
    prior_sensitivity: float | None = None
    sensitive: str | None = None
