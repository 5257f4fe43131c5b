"""From a function without a gradient to a posterior: the stages, from top to bottom."""

from dataclasses import replace

import numpy as np
from jaxtyping import Float

from fluvial.inference.black_box.annealing import efficiency
from fluvial.inference.black_box.checks import (
    Findings,
    cliff_doubt,
    noise_doubt,
    plateau_doubt,
    repeat_heaviest,
)
from fluvial.inference.black_box.failing import assumed_note, unknown_doubt
from fluvial.inference.black_box.fresh_draws import fresh_draws, will_do
from fluvial.inference.black_box.history import History
from fluvial.inference.black_box.hunting import probe
from fluvial.inference.black_box.independent_searches import Exploration, explore
from fluvial.inference.black_box.largest_peak import modes_of
from fluvial.inference.black_box.narrowness import unseen
from fluvial.inference.black_box.refining import by_flows, refined
from fluvial.inference.black_box.spending import Spending
from fluvial.inference.describing import evidence_of, provenance_of
from fluvial.inference.run import Run
from fluvial.inference.verdict.verdict import judge
from fluvial.objectives import Importance
from fluvial.posterior.accuracy import approximation_error, precision
from fluvial.posterior.gaussian import Gaussian
from fluvial.posterior.judgment import Resolution
from fluvial.posterior.mixture import Mixture
from fluvial.posterior.pool import Pool
from fluvial.posterior.posterior import Posterior
from fluvial.targets.numpy_callable import NumpyDensity

__all__ = ["fit_black_box"]


def fit_black_box(run: Run, density: NumpyDensity) -> Posterior:
    """Fit a function that only NumPy can call.

    Raises:
        InputError: if the density is finite nowhere.
    """
    failed_before = density.failed  # of fits before this one
    spending = Spending(run.counted, run.budget, run.progress, run.settings.black_box)
    with run.progress.stage("exploring"):
        explored = explore(run, density, spending)
        steady = repeat_heaviest(density, spending, explored.history, 1, run.settings)
    with run.progress.stage("mixture"):
        flawed = bool(steady.fatal)  # so that no flow would be worth its training
        history, q = refined(run, spending, explored.history, explored.flows, never=flawed)
    with run.progress.stage("weights"):
        spending.release(kept=run.settings.black_box.repeated)
        history, q, fresh, spikes = _weighed(run, spending, history, q, never=flawed)
        doubts = [*spikes, *_doubts(run, spending, q, fresh)]
        if not (flawed or doubts or spending.over) and not will_do(run, q, fresh):
            history, q = by_flows(run, spending, history.merged(fresh), q)
            history, q, fresh, spikes = _weighed(run, spending, history, q, never=False)
            doubts = [*spikes, *_doubts(run, spending, q, fresh)]
        proper = density.prior.proper
        if unknown := unknown_doubt(spending.looked, history.reference, proper=proper):
            doubts.append(unknown)
        if proper and (flat := plateau_doubt(history, run.settings)):
            doubts.append(flat)
        drawn = fresh if len(fresh) else history
        steady_still = repeat_heaviest(density, spending, drawn, 2, run.settings)
    findings = _findings(run, explored, spending, doubts, fresh, steady, steady_still)
    looked = explored.draws, run.target.dim, explored.narrowest, run.settings.black_box
    failed = density.failed - failed_before
    assumed = assumed_note(failed, run.counted.evaluations, density.failure)
    said = [unseen(*looked, timed=explored.timed), *([assumed] if assumed else [])]
    resolution = explored.resolution(run.settings.black_box)
    return _concluded(run, history, q, fresh, spending.interrupted, findings, said, resolution)


def _weighed(
    run: Run, spending: Spending, history: History, q: Mixture, *, never: bool
) -> tuple[History, Mixture, History, list[str]]:
    """Draw afresh, and again wherever the heaviest draws have led to a spike."""
    rng = np.random.default_rng([run.seed, 2])
    for _ in range(run.settings.black_box.probes):
        fresh = fresh_draws(run, spending, q, history)
        found = probe(fresh, q, spending, rng, run.settings) if len(fresh) else ()
        if not found or spending.over:
            break
        for population in found:
            history = history.merged(population.history)
        history, q = refined(run, spending, history, q.has_flows, never=never)
    else:
        return history, q, fresh, ["Climbs from the heaviest draws kept finding spikes."]
    unmet = ["A spike was found that could not be drawn from."] if found else []
    return history, q, fresh, unmet


def _doubts(run: Run, spending: Spending, q: Mixture, fresh: History) -> list[str]:
    """Look for cliffs and for noise where q is."""
    if not len(fresh) or spending.over:
        return []
    log_q = q.log_prob(fresh.x)
    near = log_q - fresh.log_q[:, 0] > np.log(0.5)  # where the widened part is the smaller one
    largest = q.components[int(np.argmax(q.weights))].gaussian
    if not near.any() or not isinstance(largest, Gaussian):  # those of this lane are
        return []
    evidence = fresh.importance.log_evidence
    excess = fresh.log_p[near] - log_q[near] - evidence
    found = [
        cliff_doubt(spending, largest, fresh.x[near], excess, run.settings),
        noise_doubt(spending, q, fresh.x[near], fresh.log_p[near], run.rng, run.settings),
    ]
    return [doubt for doubt in found if doubt]


def _findings(
    run: Run,
    explored: Exploration,
    spending: Spending,
    looks: list[str],
    fresh: History,
    *steady: Findings,
) -> Findings:
    fatal = [sentence for found in steady[:1] for sentence in found.fatal]
    fatal += [s for found in steady[1:] for s in found.fatal if not fatal]
    doubts = [] if fatal else [s for found in steady[-1:] for s in found.doubts]
    doubts += [] if fatal or doubts else [s for found in steady for s in found.doubts]
    if explored.once and explored.mass < 1.0:
        fatal.append(
            f"Parts of the mass ({explored.mass:.0%}) turned up in only one of several independent "
            "searches, so others may be missing."
        )
    elif explored.once:
        doubts.append("Only one population was annealed, so modes may be missing.")
    if explored.beta < 1.0 and not (
        len(fresh) and efficiency(fresh) > run.settings.black_box.hopeless
    ):
        doubts.append(
            f"Annealing ended at an inverse temperature of {explored.beta:.2g}, not at 1."
        )
    if spending.interrupted:
        doubts.append("The fit was interrupted; this is the best found until then.")
    elif spending.over and run.budget.limited:
        spent = run.budget.spent(run.counted.evaluations)
        if len(fresh) < run.settings.black_box.least_fresh:
            doubts.append(f"The fit has used {spent}.")
    return Findings(tuple(fatal), (*doubts, *explored.doubts, *looks))


def _concluded(
    run: Run,
    history: History,
    q: Mixture,
    fresh: History,
    interrupted: bool,
    findings: Findings,
    said: list[str],
    resolution: Resolution,
) -> Posterior:
    doubts = list(findings.doubts)
    judged = fresh
    if len(fresh) < run.settings.black_box.least_fresh:
        doubts.append("No evaluations were left for fresh draws: the weights are of earlier ones.")
        judged = history
    weights = judged.importance
    pool = Pool(judged.x, judged.log_p, weights.smoothed, widened=True)
    w = np.exp(pool.log_weights)
    unknown = int(np.sum(np.isnan(judged.log_p) | (judged.log_p == np.inf)))
    if unknown:
        doubts.append(f"{unknown} of {weights.size} draws had a density that was not finite.")
    if weights.nonfinite > unknown:
        said = [*said, f"At {weights.nonfinite - unknown} of these draws there is no density."]
    log_ratio = q.log_prob(judged.x) - judged.log_mixture
    v = np.exp(log_ratio - log_ratio.max())
    error = approximation_error(judged.x, w, v / v.sum())
    judgment = judge(
        weights,
        missing_mass=_missing(run, history, q, weights.log_evidence),
        fatal=findings.fatal,
        doubts=doubts,
        notes=said,
        precise=precision(judged.x, w),
        error=error,
        settings=run.settings,
    )
    judgment = replace(judgment, resolution=resolution)
    elbo = Importance(judged.log_p - q.log_prob(judged.x))
    evidence = replace(evidence_of(run, elbo, weights, error), elbo=_elbo(elbo, v))
    flow = run.settings.black_box.flow if q.has_flows else "gaussian"
    provenance = provenance_of(run, flow, interrupted=interrupted)
    grouping = () if q.has_flows else modes_of(q, run.settings.hill)
    return Posterior(q, pool, evidence, judgment, provenance, run.target, grouping=grouping)


def _elbo(log_ratio: Importance, v: Float[np.ndarray, " N"]) -> float:
    """E_q[ln p − ln q] from draws of a wider proposal."""
    finite = np.isfinite(log_ratio.log_weights)
    total = v[finite].sum()
    return float(v[finite] @ log_ratio.log_weights[finite] / total) if total > 0.0 else -np.inf


def _missing(run: Run, history: History, q: Mixture, log_evidence: float) -> float:
    """The share of the mass of all points that lies where q is far too thin."""
    w = history.shares_of_mass
    excess = history.log_p - q.log_prob(history.x) - log_evidence
    return float(w[excess > run.settings.search.excess].sum())
