"""Stages 3 to 5: mixtures or flows where a Gaussian will not do, and a search for the missed."""

from typing import NamedTuple

import numpy as np

from fluvial.inference.climbs.climbing import Optimum
from fluvial.inference.flow_training.choosing import Choice
from fluvial.inference.flow_training.inversion import inverse_complaint
from fluvial.inference.matching import Matched
from fluvial.inference.mixtures.adaptive import adapt
from fluvial.inference.mixtures.sharpening import sharpened
from fluvial.inference.mode_search.exploring import Explored
from fluvial.inference.mode_search.exploring_again import explore_again
from fluvial.inference.mode_search.far_search import mass_far
from fluvial.inference.mode_search.mode_search import Search, mass_outside
from fluvial.inference.run import Run
from fluvial.inference.started import Started
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


def refine(run: Run, started: Started, matched: Matched) -> Refined:
    """Train and search in turn, until a search finds nothing or the rounds are over.

    Where modes are known to be missing, so that no result will be trusted, one round is enough to
    say so again, and several modes are left as the Gaussians they are.

    Args:
        run: the fit.
        started: what was known before anything was fitted.
        matched: Gaussians, weighed, or what an earlier fit has left to do.
    """
    doubtful = started.doubtful
    rounds = 1 if doubtful else run.settings.search.rounds
    found, choice, interrupted, refuted = Search(), matched.choice, False, False
    modes = _KnownModes(started.ends)
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
        found, interrupted = _search(run, fitted, interrupted, near, modes)
        if interrupted:
            break
        if left and adequate and _lacks_what_has_no_place(run, found):
            fitted, drawn, refuted = begun, None, True
            continue
        if not found.outliers:
            break
        if not doubtful:
            modes, interrupted = _explored_again(run, started, found, modes)
            doubtful = modes.explored is not None and modes.explored.doubtful
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
        ends: where climbs ended.
        explored: what the last of the explorations found that a search gave rise to, if any did.
    """

    ends: list[Optimum]
    explored: Explored | None = None


def _explored_again(
    run: Run, started: Started, found: Search, modes: _KnownModes
) -> tuple[_KnownModes, bool]:
    """Look for yet other modes if a search has found one; also whether Ctrl-C was pressed."""
    if started.product is not None:
        return modes, False
    places = np.stack([outlier.gaussian.mean for outlier in found.outliers])
    with run.progress.stage("search"):
        try:
            explored = explore_again(
                run.counted, started.starts, modes.ends, places, run.rng, run.settings
            )
        except KeyboardInterrupt:
            return modes, True
    if explored is None:
        return modes, False
    return _KnownModes([*modes.ends, *explored.ends], explored), False


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
    run: Run, fitted: Weighed, interrupted: bool, near: Weighed | None, modes: _KnownModes
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
            if run.target.dim > run.settings.match.dense:
                return mass_far(run.counted, fitted.q, evidence, run.rng, run.settings), False
            places = None
            if modes.explored is not None and modes.explored.ends:
                places = np.stack([end.x for end in modes.explored.ends])
            outside = mass_outside(
                run.counted, fitted.q, evidence, run.rng, run.settings, places=places
            )
            return outside, False
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
