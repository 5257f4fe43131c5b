"""Stage 6: the verdict on all that was found, and the posterior that carries it."""

from collections.abc import Sequence

import numpy as np

from fluvial._version import __version__
from fluvial.inference.chains import Chains, pool_of_chains
from fluvial.inference.correcting import Corrected
from fluvial.inference.improper import IMPROPER_ADVICE
from fluvial.inference.modes import group_into_modes
from fluvial.inference.refining import Refined
from fluvial.inference.run import Run
from fluvial.inference.starting import Started
from fluvial.inference.verdict import judge, tail_matters
from fluvial.inference.weighing import Weighed
from fluvial.posterior.accuracy import ApproximationError, approximation_error, precision
from fluvial.posterior.evidence import Evidence
from fluvial.posterior.gaussian import Gaussian
from fluvial.posterior.judgment import Judgment, Verdict
from fluvial.posterior.mixture import GaussianComponent, Mixture
from fluvial.posterior.pool import Pool
from fluvial.posterior.posterior import Posterior
from fluvial.posterior.provenance import Provenance

__all__ = ["conclude", "fatal_reasons", "without_draws"]


def fatal_reasons(started: Started, refined: Refined) -> tuple[str, ...]:
    """Return sentences each of which means that no result can be right."""
    reasons = []
    if refined.missed:
        reasons.append(
            "A search from far outside kept finding mass that the fit had missed "
            f"({refined.missed:.1%} in its last round)."
        )
    if started.lucky:
        reasons.append(
            f"Of the modes that matter, {started.lucky} turned up in at most one of several "
            "independent searches, so that others may be missing."
        )
    return tuple(reasons)


def without_draws(run: Run, started: Started, complaint: str) -> Posterior:
    """What is known of a density without a finite integral: that it has no draws."""
    dim = run.target.dim
    q = Mixture((GaussianComponent(Gaussian(started.starts[0], np.eye(dim))),), np.ones(1))
    pool = Pool(np.empty((0, dim)), np.empty(0), np.empty(0))
    nan = float("nan")
    evidence = Evidence(nan, nan, nan, nan, nan, nan, nan, up_to_constant=run.target.up_to_constant)
    judgment = Judgment(Verdict.FAILED, (complaint, *started.doubts), IMPROPER_ADVICE)
    provenance = _provenance(run, trained=False, interrupted=False)
    return Posterior(q, pool, evidence, judgment, provenance, run.target)


def conclude(run: Run, started: Started, refined: Refined, corrected: Corrected) -> Posterior:
    """Judge what was found, and put the posterior together."""
    fitted, drawn = refined.fitted, corrected.drawn
    q, weights = fitted.q, drawn.weights
    if corrected.chains:
        pool = pool_of_chains(corrected.chains, q.weights)
    else:
        pool = Pool(drawn.x, drawn.log_p, weights.smoothed, widened=drawn is not fitted)
    error = _error(fitted, pool)
    grouping = group_into_modes(run.counted, q, pool, run.settings)
    judgment = judge(
        weights,
        corrected.chains,
        missing_mass=refined.missing_mass,
        visited=_visited(run, fitted, corrected.chains),
        fatal=fatal_reasons(started, refined),
        doubts=_doubts(started, refined, corrected),
        precise=precision(pool.points, np.exp(pool.log_weights)),
        error=error,
        settings=run.settings,
    )
    return Posterior(
        q,
        pool,
        _evidence(run, fitted, drawn, error),
        judgment,
        _provenance(run, trained=refined.trained, interrupted=corrected.interrupted),
        run.target,
        grouping=grouping,
    )


def _visited(run: Run, fitted: Weighed, chains: Sequence[Chains]) -> float:
    """The share of the chains' draws that lie where the search found mass outside q."""
    if not chains:
        return 0.0
    dim = run.target.dim
    x = np.concatenate([one.draws.reshape(-1, dim) for one in chains])
    log_p = np.concatenate([one.log_p.ravel() for one in chains])
    excess = log_p - fitted.q.log_prob(x) - fitted.weights.log_evidence
    return float(np.mean(excess > run.settings.search.excess))


def _doubts(started: Started, refined: Refined, corrected: Corrected) -> list[str]:
    doubts = [*started.doubts, *refined.doubts]
    if corrected.interrupted:
        doubts.append("The fit was interrupted; this is the best found until then.")
    nonfinite, size = refined.fitted.weights.nonfinite, corrected.drawn.weights.size
    if nonfinite:
        doubts.append(f"{nonfinite} of {size} draws had a density that was not finite.")
    return doubts


def _evidence(run: Run, fitted: Weighed, drawn: Weighed, error: ApproximationError) -> Evidence:
    weights = drawn.weights
    return Evidence(
        fitted.weights.elbo,
        fitted.weights.elbo_se,
        weights.log_evidence,
        weights.log_evidence_se,
        fitted.weights.half_variance,
        weights.khat,
        weights.ess,
        float(weights.size),
        weights.largest,
        error.mean_shift,
        error.mean_shift_se,
        error.log_sd_shift,
        error.log_sd_shift_se,
        khat_matters=tail_matters(weights.ess, weights.size, weights.largest, run.settings),
        up_to_constant=run.target.up_to_constant,
    )


def _provenance(run: Run, *, trained: bool, interrupted: bool) -> Provenance:
    name = run.flow if isinstance(run.flow, str) else "custom"
    return Provenance(
        name if trained else "gaussian",
        run.seed,
        run.progress.seconds,
        run.counted.evaluations,
        run.counted.nonfinite,
        interrupted,
        __version__,
        run.settings.mapping(),
        tuple(run.elbo_trace),
    )


def _error(fitted: Weighed, pool: Pool) -> ApproximationError:
    """Compare q's own draws with the pool, point by point where they are the same."""
    finite = np.isfinite(fitted.weights.log_weights)
    v, w = finite / max(1, np.sum(finite)), np.exp(pool.log_weights)
    if pool.points is fitted.x:
        return approximation_error(fitted.x, w, v)
    x = np.concatenate([pool.points, fitted.x])
    return approximation_error(x, np.append(w, 0.0 * v), np.append(0.0 * w, v))
