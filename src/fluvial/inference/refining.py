"""Stages 3 to 5: mixtures or flows where a Gaussian will not do, and a search for the missed."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from fluvial.inference.climbs.climbing import Optimum
from fluvial.inference.climbs.starts import distinct
from fluvial.inference.flow_training.choosing import Choice
from fluvial.inference.flow_training.inversion import inverse_complaint
from fluvial.inference.matching import Matched
from fluvial.inference.mixtures.adaptive import adapt
from fluvial.inference.mixtures.sharpening import sharpened
from fluvial.inference.mode_search.exploring import Explored
from fluvial.inference.mode_search.exploring_again import explore_again
from fluvial.inference.mode_search.far_search import mass_far
from fluvial.inference.mode_search.mode_search import Search, mass_at, mass_outside
from fluvial.inference.run import Run
from fluvial.inference.verdict.adequate import Adequate, adequate_as_it_is
from fluvial.inference.verdict.verdict import is_accurate
from fluvial.inference.verdict.weighing import Weighed, weigh
from fluvial.inference.warm_search import quick_search
from fluvial.posterior.mixture import FlowComponent, GaussianComponent, Mixture

__all__ = ["Refined", "refine"]


class Refined(NamedTuple):
    """The approximation as it will stay.

    Attributes:
        fitted: it, weighed.
        drawn: what draws are taken from, where that is known already.
        missing_mass: the mass around it that it does not cover, as a share of all mass.
        missed: the share that the last round of search still found; 0 where it found nothing.
        choice: the flow that was trained; None if there is none.
        doubts: sentences.
        notes: sentences on what was looked for.
        interrupted: whether Ctrl-C cut this short.
        explored: what was found when modes were looked for once more, the last time; None if
            searches found no mode that climbs had not.
    """

    fitted: Weighed
    drawn: Weighed | None
    missing_mass: float
    missed: float
    choice: Choice | None
    doubts: tuple[str, ...]
    notes: tuple[str, ...]
    interrupted: bool
    explored: Explored | None = None


def refine(
    run: Run,
    matched: Matched,
    starts: Float[np.ndarray, "N D"],
    ends: list[Optimum],
    *,
    doubtful: bool = False,
) -> Refined:
    """Train and search in turn, until a search finds nothing or the rounds are over.

    Args:
        run: the fit.
        matched: Gaussians, weighed, or what an earlier fit has left to do.
        starts: from where climbs were made for modes.
        ends: where these ended; none of a product, whose modes are too many to be listed.
        doubtful: whether modes are known to be missing, so that no result will be trusted: then one
            round is enough to say so again, and several modes are left as the Gaussians they are.
    """
    rounds = 1 if doubtful else run.settings.search.rounds
    found, choice, interrupted, refuted = Search(), matched.choice, False, False
    modes = _KnownModes(starts, ends)
    fitted, drawn = matched.fitted, matched.drawn
    for left in reversed(range(rounds)):
        begun, adequate, places = fitted, None, fitted.q.components
        if drawn is None:
            if not refuted:
                adequate, fitted, interrupted = _without_flow(run, fitted)
            places = fitted.q.components
            if adequate:
                fitted, drawn = adequate
            elif not interrupted and _worth_training(run, fitted, doubtful=doubtful):
                with run.progress.stage("flow"):
                    # optax takes a third of a second to import, and most fits train nothing
                    from fluvial.inference.flow_training.train_modes import train_modes

                    trained = train_modes(run, fitted.q, choice, matched.dependence)
                    components, interrupted, choice = trained
                    fitted = weigh(components, run)
                places = fitted.q.components
        near = drawn if drawn is matched.drawn else None
        found, interrupted = _search(run, fitted, interrupted, near)
        if not interrupted and not doubtful:
            found, modes, interrupted = _with_others(run, fitted, found, modes)
            doubtful = modes.explored is not None and modes.explored.doubtful
        if left and adequate and not interrupted and _lacks_what_has_no_place(run, found):
            fitted, drawn, refuted = begun, None, True
            continue
        if not found.outliers:
            break
        # What was grown from the places is grown again, from the new ones too.
        extra = [GaussianComponent(outlier.gaussian) for outlier in found.outliers]
        fitted, drawn = weigh([*places, *extra], run), None
        if interrupted:
            break
    missed = sum(outlier.share for outlier in found.outliers)
    doubts = () if interrupted else _inverse_doubts(run, fitted.q)
    return Refined(
        fitted,
        drawn,
        found.missing_mass,
        missed,
        choice,
        doubts,
        found.notes,
        interrupted,
        modes.explored,
    )


class _KnownModes(NamedTuple):
    """What is known of modes.

    Attributes:
        starts: from where climbs were made for them.
        ends: where these ended.
        explored: what the last of the explorations found that a search gave rise to, if any did.
    """

    starts: Float[np.ndarray, "N D"]
    ends: list[Optimum]
    explored: Explored | None = None


def _with_others(
    run: Run, fitted: Weighed, found: Search, modes: _KnownModes
) -> tuple[Search, _KnownModes, bool]:
    """Look for yet other modes if there is one that climbs have not found.

    It may have been met by a search, or by a mixture as it grew.

    Returns:
        What the search has found, and the modes; all modes; and whether Ctrl-C was pressed.
    """
    counted, q, settings = run.counted, fitted.q, run.settings
    gaussians = [component.gaussian for component in q.components] if len(q.components) > 1 else []
    gaussians += [outlier.gaussian for outlier in found.outliers]
    if not modes.ends or not gaussians:
        return found, modes, False
    places = np.stack([gaussian.mean for gaussian in gaussians])
    with run.progress.stage("search"):
        try:
            again = explore_again(counted, modes.starts, modes.ends, places, run.rng, settings)
            if again is None:
                return found, modes, False
            modes = modes._replace(ends=[*modes.ends, *again.ends], explored=again)
            evidence = fitted.weights.log_evidence
            tops = distinct(counted, again.ends, settings)
            others = mass_at(counted, q, evidence, tops, found.outliers, run.rng, settings)
        except KeyboardInterrupt:
            return found, modes, True
    return found._replace(outliers=(*found.outliers, *others)), modes, False


def _without_flow(run: Run, fitted: Weighed) -> tuple[Adequate | None, Weighed, bool]:
    """Try what compiles nothing, the cheapest first.

    Overlapping Gaussians are sharpened first, since a mixture grown from many is large. One alone
    rarely is several, where a mixture grown from it is often right.

    Returns:
        What is right, if anything is; the Gaussians, made right where they overlap; and whether
        Ctrl-C, or a budget, has ended it.
    """
    mixtures = _may_be_a_mixture(run, fitted)
    try:
        if mixtures:
            with run.progress.stage("gaussian"):
                found = adequate_as_it_is(run, fitted)
            if found:
                return found, fitted, False
        alone = len(fitted.q.components) == 1
        if not alone:
            fitted = _sharpened(run, fitted)
        if mixtures and _may_be_a_mixture(run, fitted):
            with run.progress.stage("adaptive"):
                found = adapt(run, fitted)
            if found:
                return found, fitted, False
        return None, _sharpened(run, fitted) if alone else fitted, False
    except KeyboardInterrupt:
        return None, fitted, True


def _sharpened(run: Run, fitted: Weighed) -> Weighed:
    with run.progress.stage("gaussian"):
        return sharpened(run, fitted)


def _may_be_a_mixture(run: Run, fitted: Weighed) -> bool:
    """Whether what is not accurate yet has so few coordinates, and modes, that Gaussians may do."""
    settings = run.settings.adaptive
    return (
        not run.always_train
        and _needs_more(run, fitted)
        and run.target.dim <= settings.max_dim
        and 1 <= len(fitted.q.gaussians) <= settings.max_modes
    )


def _needs_more(run: Run, fitted: Weighed) -> bool:
    few = len(fitted.q.components) <= run.settings.flow.max_modes
    return run.always_train or (few and not is_accurate(fitted.weights, run.settings))


def _worth_training(run: Run, fitted: Weighed, *, doubtful: bool) -> bool:
    several = len(fitted.q.components) > 1
    return _needs_more(run, fitted) and (run.always_train or not (doubtful and several))


def _search(
    run: Run, fitted: Weighed, interrupted: bool, near: Weighed | None
) -> tuple[Search, bool]:
    """Search for what is missing; also whether Ctrl-C was pressed, before it or during it.

    Of what is near an earlier fit (its draws with a wider base are given) a part of the search may
    be enough.
    """
    nothing = Search()
    if interrupted:
        return nothing, True
    with run.progress.stage("search"):
        try:
            if near is not None and run.warm is not None:
                return quick_search(run, run.warm, fitted.q, near), False
            evidence = fitted.weights.log_evidence
            many = run.target.dim > run.settings.match.dense
            search = mass_far if many else mass_outside
            return search(run.counted, fitted.q, evidence, run.rng, run.settings), False
        except KeyboardInterrupt:
            return nothing, True


def _lacks_what_has_no_place(run: Run, found: Search) -> bool:
    """Whether mass is missing around a mixture in no place that a Gaussian would hold.

    As in the neck of a funnel: a flow, trained from what the mixture was grown from, gets there.
    """
    return not found.outliers and found.missing_mass > run.settings.verdict.max_missing_mass


def _inverse_doubts(run: Run, q: Mixture) -> tuple[str, ...]:
    complaints = [
        inverse_complaint(component, run.rng, run.settings)
        for component in q.components
        if isinstance(component, FlowComponent)
    ]
    return tuple(complaint for complaint in complaints if complaint)
