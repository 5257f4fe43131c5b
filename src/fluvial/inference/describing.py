"""What a posterior says of itself: its evidence, and how it came about."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from fluvial._version import __version__
from fluvial.flows import Flow
from fluvial.inference.chains.chains import Chains
from fluvial.inference.run import Run
from fluvial.inference.verdict.verdict import evidence_se, tail_matters
from fluvial.inference.verdict.weighing import Weighed
from fluvial.inference.warm import Warm
from fluvial.objectives import Importance
from fluvial.objectives.bridge import bridge
from fluvial.posterior.accuracy import ApproximationError
from fluvial.posterior.evidence import Evidence
from fluvial.posterior.judgment import Judgment
from fluvial.posterior.links import Link, links_mapping
from fluvial.posterior.pool import Pool
from fluvial.posterior.provenance import Provenance

__all__ = ["bridged", "evidence_of", "provenance_of", "warmed"]


def evidence_of(
    run: Run,
    own: Importance,
    weights: Importance,
    error: ApproximationError,
    missing_mass: float = 0.0,
) -> Evidence:
    """Gather what weights say.

    Args:
        run: the fit.
        own: weights of the approximation's own draws, which give the ELBO.
        weights: of the draws that are handed out.
        error: of the approximation, unweighted.
        missing_mass: that a search has found outside the approximation, as a share.
    """
    return Evidence(
        own.elbo,
        own.elbo_se,
        weights.log_evidence,
        evidence_se(weights, missing_mass),
        own.half_variance,
        weights.khat,
        weights.ess,
        float(weights.size),
        weights.largest,
        error.mean_shift,
        error.mean_shift_se,
        error.log_sd_shift,
        error.log_sd_shift_se,
        khat_matters=tail_matters(
            weights.ess, weights.attainable_ess, weights.largest, run.settings
        ),
        up_to_constant=run.target.up_to_constant,
    )


def bridged(
    fitted: Weighed, chains: Sequence[Chains], evidence: Evidence, judgment: Judgment
) -> tuple[Evidence, Judgment]:
    """The evidence between the draws of q and those of its chains, where these are of all of p."""
    if len(chains) != 1:
        return evidence, judgment
    draws = chains[0].draws
    log_q = fitted.q.log_prob(draws.reshape(-1, draws.shape[2])).reshape(draws.shape[:2])
    weights = fitted.weights
    found = bridge(weights.log_weights, chains[0].log_p - log_q, weights.strata)
    if found is None:
        return evidence, judgment
    reason = (
        "Bridge sampling between these draws and the approximation's gives the log evidence with "
        f"a standard error of {found.se:.3f} nat."
    )
    evidence = replace(
        evidence, log_evidence=found.log_evidence, log_evidence_se=found.se, bridged=True
    )
    return evidence, replace(judgment, reasons=(*judgment.reasons, reason))


def warmed(run: Run, warm: Warm, pool: Pool) -> dict[str, Any]:
    """Say what became of the modes of the fit that this one started from."""
    return warm.report(pool, run.counted.evaluations, run.progress.seconds, run.settings.warm.gone)


def provenance_of(
    run: Run,
    flow: str | Flow,
    *,
    interrupted: bool,
    links: tuple[Link, ...] = (),
    pool: Pool | None = None,
) -> Provenance:
    """Say how a posterior came about.

    Args:
        run: the fit.
        flow: that was trained; "gaussian" if none was.
        interrupted: whether Ctrl-C has cut it short.
        links: the earlier fits that took the place of the prior.
        pool: the draws, by which an earlier fit that this one started from is compared with it.
    """
    return Provenance(
        flow if isinstance(flow, str) else "custom",
        run.seed,
        run.progress.seconds,
        run.counted.evaluations,
        run.counted.nonfinite,
        interrupted,
        __version__,
        run.settings.mapping(),
        links_mapping(links),
        {} if run.warm is None or pool is None else warmed(run, run.warm, pool),
        improper_priors=tuple(run.target.functions.improper),
        unnormalized_priors=tuple(run.target.functions.unnormalized),
        elbo_trace=tuple(run.elbo_trace),
    )
