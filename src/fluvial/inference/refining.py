"""Stages 3 and 4: flows where Gaussians will not do, and a search for what all of them miss."""

from typing import NamedTuple

from fluvial.inference.inversion import inverse_complaint
from fluvial.inference.mode_search import Search, mass_outside
from fluvial.inference.run import Run
from fluvial.inference.sharpening import sharpened
from fluvial.inference.train_modes import train_modes
from fluvial.inference.verdict import is_accurate
from fluvial.inference.weighing import Weighed, weigh
from fluvial.posterior.mixture import FlowComponent, GaussianComponent, Mixture

__all__ = ["Refined", "refine"]


class Refined(NamedTuple):
    """The approximation as it will stay.

    Attributes:
        fitted: it, weighed.
        missing_mass: the mass around it that it does not cover, as a share of all mass.
        missed: the share that the last round of search still found; 0 where it found nothing.
        trained: whether any flow was trained.
        doubts: sentences.
        notes: sentences on what was looked for.
        interrupted: whether Ctrl-C cut this short.
    """

    fitted: Weighed
    missing_mass: float
    missed: float
    trained: bool
    doubts: tuple[str, ...]
    notes: tuple[str, ...]
    interrupted: bool


def refine(run: Run, fitted: Weighed, *, doubtful: bool = False) -> Refined:
    """Train and search in turn, until a search finds nothing or the rounds are over.

    Args:
        run: the fit.
        fitted: a Gaussian for each mode, weighed.
        doubtful: whether modes are known to be missing: where there are many, one round is enough
            to say so again.
    """
    few = len(fitted.q.components) <= run.settings.flow.max_modes
    rounds = run.settings.search.rounds if few or not doubtful else 1
    found, trained, interrupted = Search(), False, False
    for _ in range(rounds):
        fitted = sharpened(run, fitted)
        if _needs_flows(run, fitted):
            with run.progress.stage("flow"):
                components, interrupted = train_modes(run, fitted.q)
                fitted, trained = weigh(components, run), True
        found, interrupted = _search(run, fitted, interrupted)
        if interrupted or not found.outliers:
            break
        extra = [GaussianComponent(outlier.gaussian) for outlier in found.outliers]
        fitted = weigh([*fitted.q.components, *extra], run)
    missed = sum(outlier.share for outlier in found.outliers)
    doubts = () if interrupted else _inverse_doubts(run, fitted.q)
    return Refined(fitted, found.missing_mass, missed, trained, doubts, found.notes, interrupted)


def _needs_flows(run: Run, fitted: Weighed) -> bool:
    few = len(fitted.q.components) <= run.settings.flow.max_modes
    return run.always_train or (few and not is_accurate(fitted.weights, run.settings))


def _search(run: Run, fitted: Weighed, interrupted: bool) -> tuple[Search, bool]:
    """Search for what is missing; also whether Ctrl-C was pressed, before it or during it."""
    nothing = Search()
    if interrupted:
        return nothing, True
    with run.progress.stage("search"):
        try:
            evidence = fitted.weights.log_evidence
            return mass_outside(run.counted, fitted.q, evidence, run.rng, run.settings), False
        except KeyboardInterrupt:
            return nothing, True


def _inverse_doubts(run: Run, q: Mixture) -> tuple[str, ...]:
    complaints = [
        inverse_complaint(component, run.rng, run.settings)
        for component in q.components
        if isinstance(component, FlowComponent)
    ]
    return tuple(complaint for complaint in complaints if complaint)
