"""Stage 7: the verdict on all that was found, and the posterior that carries it."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from fluvial.flows import Flow
from fluvial.inference.chains.chains import Chains, pool_of_chains
from fluvial.inference.checks.agreement import disagreement
from fluvial.inference.checks.centered import centered_advice
from fluvial.inference.checks.improper import IMPROPER_ADVICE
from fluvial.inference.climbs.modes import group_into_modes
from fluvial.inference.correcting import Corrected
from fluvial.inference.describing import bridged, evidence_of, provenance_of, warmed
from fluvial.inference.flow_training.choosing import Choice
from fluvial.inference.refining import Refined
from fluvial.inference.run import Run
from fluvial.inference.starting import Started
from fluvial.inference.tails.tails import heavy_tails
from fluvial.inference.verdict.chained import carried_by
from fluvial.inference.verdict.more_draws import worth_of
from fluvial.inference.verdict.verdict import judge
from fluvial.inference.verdict.weighing import Weighed, error_of
from fluvial.posterior.evidence import Evidence
from fluvial.posterior.gaussian import Gaussian
from fluvial.posterior.judgment import Judgment, Verdict
from fluvial.posterior.mixture import GaussianComponent, Mixture
from fluvial.posterior.pool import Pool
from fluvial.posterior.posterior import Posterior

__all__ = ["conclude", "fatal_reasons", "without_draws"]


def fatal_reasons(started: Started, refined: Refined) -> tuple[str, ...]:
    """Return sentences each of which means that no result can be right."""
    reasons = []
    if refined.missed:
        reasons.append(
            "A search from far outside kept finding mass that the fit had missed "
            f"({refined.missed:.1%} in its last round)."
        )
    if started.doubtful:
        reasons.append(f"{started.notes[0]} So others may be missing.")
    if refined.explored is not None and refined.explored.doubtful:
        reasons.append(f"{refined.explored.sentence} So others may be missing.")
    return tuple(reasons)


def without_draws(run: Run, started: Started, complaint: str) -> Posterior:
    """What is known of a density without a finite integral: that it has no draws."""
    dim = run.target.dim
    q = Mixture((GaussianComponent(Gaussian(started.starts[0], np.eye(dim))),), np.ones(1))
    pool = Pool(np.empty((0, dim)), np.empty(0), np.empty(0))
    nan = float("nan")
    evidence = Evidence(nan, nan, nan, nan, nan, nan, nan, up_to_constant=run.target.up_to_constant)
    judgment = Judgment(Verdict.FAILED, (complaint, *started.doubts), IMPROPER_ADVICE)
    provenance = provenance_of(run, "gaussian", interrupted=False)
    return Posterior(q, pool, evidence, judgment, provenance, run.target)


def conclude(run: Run, started: Started, refined: Refined, corrected: Corrected) -> Posterior:
    """Judge what was found, and put the posterior together."""
    fitted, drawn, choice = refined.fitted, corrected.drawn, refined.choice
    q, weights = fitted.q, drawn.weights
    if corrected.chains:
        pool = pool_of_chains(corrected.chains, q.weights)
    else:
        pool = Pool(drawn.x, drawn.log_p, weights.smoothed, widened=drawn is not fitted)
    error = error_of(fitted, pool.points, np.exp(pool.log_weights))
    with run.counted.judging():
        grouping = group_into_modes(run.counted, q, pool, run.settings)
        carried = carried_by(run.counted, pool, run.settings)
    differing = disagreement(run.counted, pool, run.settings.check)
    judgment = judge(
        weights,
        corrected.chains,
        missing_mass=refined.missing_mass,
        visited=_visited(run, fitted, corrected.chains),
        fatal=(
            *fatal_reasons(started, refined),
            *carried.fatal,
            *filter(None, [differing, corrected.missing]),
        ),
        doubts=[
            *_doubts(run, started, refined, corrected),
            *heavy_tails(run.counted, pool, run.settings),
            *carried.doubts,
        ],
        notes=(*started.notes, *_again(refined), *refined.notes, *_unused(corrected)),
        precise=None if corrected.chains else worth_of(run, drawn),
        confirmed=corrected.confirmed,
        error=error,
        settings=run.settings,
    )
    evidence = evidence_of(run, fitted.weights, weights, error, refined.missing_mass)
    if judgment.verdict is Verdict.USE_MCMC:
        evidence, judgment = bridged(fitted, corrected.chains, evidence, judgment)
    judgment = _with_start(run, pool, carried.added_to(judgment))
    hard = choice is not None or judgment.verdict is not Verdict.GOOD
    if hard and max(grouping) == 0:  # from one mode to another scales differ in any form
        judgment = _with_advice(run, pool, judgment)
    return Posterior(
        q,
        pool,
        evidence,
        judgment,
        provenance_of(
            run,
            _flow(run, q, choice),
            interrupted=corrected.interrupted and not run.counted.spent,
            links=carried.links,
            pool=pool,
        ),
        run.target,
        grouping=grouping,
        structure=None if choice is None else choice.structure,
        places=run.counted.evaluated.peaks(run.settings.search.peaks),
    )


def _again(refined: Refined) -> list[str]:
    """How modes were looked for once more."""
    return [] if refined.explored is None else [refined.explored.sentence]


def _unused(corrected: Corrected) -> list[str]:
    """Why chains were run although weights were good."""
    said = corrected.lacking
    return [] if said is None else [f"Weighted draws were not used. {said}"]


def _visited(run: Run, fitted: Weighed, chains: Sequence[Chains]) -> float:
    """The share of the chains' draws that lie where the search found mass outside q."""
    if not chains:
        return 0.0
    dim = run.target.dim
    x = np.concatenate([one.draws.reshape(-1, dim) for one in chains])
    log_p = np.concatenate([one.log_p.ravel() for one in chains])
    excess = log_p - fitted.q.log_prob(x) - fitted.weights.log_evidence
    return float(np.mean(excess > run.settings.search.excess))


def _doubts(run: Run, started: Started, refined: Refined, corrected: Corrected) -> list[str]:
    doubts = [*started.doubts, *refined.doubts]
    if run.counted.spent:
        spent = run.budget.spent(run.counted.evaluations)
        doubts.append(f"The fit has used {spent}; this is the best found until then.")
    elif corrected.interrupted:
        doubts.append("The fit was interrupted; this is the best found until then.")
    nonfinite, size = refined.fitted.weights.nonfinite, corrected.drawn.weights.size
    if nonfinite:
        doubts.append(f"{nonfinite} of {size} draws had a density that was not finite.")
    return doubts


def _flow(run: Run, q: Mixture, choice: Choice | None) -> str | Flow:
    """The flow of this fit, or of the one that it started from."""
    if not q.has_flows:
        return "gaussian"
    return run.flow if choice is None else choice.flow


def _with_advice(run: Run, pool: Pool, judgment: Judgment) -> Judgment:
    """Say how a model that was hard to fit would be easier."""
    advice = centered_advice(run.target, pool, run.settings.check)
    if advice is None:
        return judgment
    return replace(judgment, reasons=(*judgment.reasons, advice))


def _with_start(run: Run, pool: Pool, judgment: Judgment) -> Judgment:
    """Say what became of the modes of the fit that this one started from."""
    if run.warm is None:
        return judgment
    found = warmed(run, run.warm, pool)
    said = (
        f"The fit started from an earlier one, of whose {found['modes_before']} modes "
        f"{found['modes_kept']} are still there."
    )
    return replace(judgment, reasons=(*judgment.reasons, said))
