"""Stage 6: draws that are right where the approximation is not: weighted, or from chains."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from fluvial.inference.chains.chains import Chains, latent_chains, pool_of_chains
from fluvial.inference.refining import Refined
from fluvial.inference.run import Run
from fluvial.inference.spent import BudgetSpent
from fluvial.inference.tails.suspect_tails import missing_tails
from fluvial.inference.tails.unreached import unreached
from fluvial.inference.verdict.confirming import confirmed_by
from fluvial.inference.verdict.more_draws import precise_enough
from fluvial.inference.verdict.verdict import is_accurate, is_weighable, misses_tails
from fluvial.inference.verdict.weighing import Weighed, defended
from fluvial.posterior.mixture import Mixture

__all__ = ["Corrected", "correct"]


class Corrected(NamedTuple):
    """What draws are taken from.

    Attributes:
        drawn: weighted draws of the approximation, or of it with a wider base.
        chains: one set for each component, where the weights are not good enough, or may hide
            tails; else empty.
        interrupted: whether Ctrl-C has cut the fit short, in this stage or before.
        missing: what the draws do not reach, although chains have mixed; or None.
        lacking: what weighted draws do not reach, although their weights are good; or None.
        confirmed: how chains confirm weights with a heavy tail, which are used then; or None.
    """

    drawn: Weighed
    chains: list[Chains]
    interrupted: bool
    missing: str | None = None
    lacking: str | None = None
    confirmed: str | None = None


def correct(run: Run, refined: Refined, *, fatal: bool) -> Corrected:
    """Weigh draws with a wider base where that helps, and run chains where weights fail.

    Args:
        run: the fit.
        refined: the approximation.
        fatal: whether no result can be right, so that nothing is worth the work.
    """
    if fatal or refined.interrupted:
        return Corrected(refined.fitted, [], refined.interrupted)
    try:
        run.counted.spend(0)
    except BudgetSpent:
        return Corrected(refined.fitted, [], True)
    drawn = refined.drawn or defended(run, refined.fitted)
    hidden = misses_tails(refined.fitted.weights, run.target.dim, run.settings)
    lacking = None
    try:
        if not hidden and is_weighable(drawn.weights, refined.missing_mass, run.settings):
            shares = np.exp(drawn.weights.smoothed)
            lacking = _lacking(run, refined.fitted, drawn.x, shares)
            if lacking is None:
                return Corrected(_enough(run, refined, drawn), [], False)
        with run.progress.stage("chains"):
            chains = _chains(run, refined.fitted.q)
            missing = _missing(run, refined.fitted, chains)
            if not hidden and lacking is None and missing is None:
                said = confirmed_by(run, refined.fitted, drawn, chains, refined.missing_mass)
                if said is not None:
                    return Corrected(_enough(run, refined, drawn), [], False, confirmed=said)
            return Corrected(drawn, chains, False, missing, lacking)
    except KeyboardInterrupt:
        return Corrected(drawn, [], True, missing=lacking)


def _enough(run: Run, refined: Refined, drawn: Weighed) -> Weighed:
    return drawn if refined.drawn is not None else precise_enough(run, refined.fitted, drawn)


def _missing(run: Run, fitted: Weighed, chains: list[Chains]) -> str | None:
    """What chains do not reach that have mixed; the others are not trusted anyway."""
    if not all(one.mixed(run.settings) for one in chains):
        return None
    pool = pool_of_chains(chains, fitted.q.weights)
    return _lacking(run, fitted, pool.points, np.exp(pool.log_weights))


def _lacking(
    run: Run,
    fitted: Weighed,
    points: Float[np.ndarray, "S D"],
    weights: Float[np.ndarray, " S"],
) -> str | None:
    """What draws do not reach: the tail of a coordinate, or what the approximation leaves out.

    One that is accurate, as a Gaussian may be, was not bent by training, which leaves regions out.
    """
    said = missing_tails(run, fitted, points, weights)
    if said is not None or is_accurate(fitted.weights, run.settings):
        return said
    left_out = unreached(run, fitted, points, weights)
    return left_out.sentence() if left_out.matters(run.settings.verdict) else None


def _least_evaluations(run: Run) -> int:
    """Of chains that mix at once: one round, of trajectories of one step."""
    chain = run.settings.chain
    return chain.chains * (chain.warmup + chain.kept)


def _chains(run: Run, q: Mixture) -> list[Chains]:
    chains = []
    for k, component in enumerate(q.components):
        run.counted.spend(_least_evaluations(run))
        starts = run.rng.standard_normal((run.settings.chain.chains, run.target.dim))
        result = latent_chains(component, run.target, starts, run.keys(k).chain, run.settings)
        run.counted.count(result.evaluations, 0)
        chains.append(result)
    return chains
