"""The modes of all rows: climbed to, weighed, and searched for others, until there are none."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np
from scipy.special import logsumexp

from fluvial.errors import InputError
from fluvial.inference.rows.exact_weights import Streamed, weigh_rows
from fluvial.inference.rows.sampling import Suspects
from fluvial.inference.rows.searching import search_far
from fluvial.inference.rows.streamed_climb import Peak, peaks
from fluvial.inference.run import Run
from fluvial.inference.verdict.weighing import mixture_of
from fluvial.posterior.gaussian import Gaussian
from fluvial.posterior.mixture import GaussianComponent, Mixture
from fluvial.targets.rows_density import RowsDensity

__all__ = ["Modes", "find_modes"]


class Modes(NamedTuple):
    """What there is before a flow is thought of.

    Attributes:
        tops: the modes of all rows, the largest first; none where Ctrl-C came before.
        pilot: a few draws of their Gaussians, weighed on all rows.
        missed: the mass that the last round of search still found, as a share of the rest.
        notes: sentences on what was looked for.
        interrupted: whether Ctrl-C, or a budget, has ended it.
    """

    tops: list[Peak]
    pilot: Streamed
    missed: float
    notes: tuple[str, ...]
    interrupted: bool


def find_modes(run: Run, stream: RowsDensity, found: Suspects) -> Modes:
    """Climb to the modes of all rows.

    Args:
        run: the fit.
        stream: the density.
        found: on a sample of the rows.

    Raises:
        InputError: if the density of all rows is finite nowhere.
    """
    tops: list[Peak] = []
    pilot, missed, notes, interrupted = None, 0.0, (), found.interrupted
    try:
        if not interrupted:
            tops, pilot = _climbed(run, stream, found.gaussians)
        for _ in range(0 if interrupted else run.settings.rows.search_rounds):
            assert pilot is not None
            with run.progress.stage("search"):
                searched = search_far(run, stream, tops, pilot.weighed.q)
            missed, notes = searched.missed, (searched.note,)
            if not missed > run.settings.search.small:
                break
            tops, pilot = searched.peaks, None
            pilot = _piloted(run, tops)
    except KeyboardInterrupt:
        interrupted = True
    if pilot is None:
        with run.counted.judging(), run.progress.stage("weights"):
            q = _rough(run, tops, found.gaussians)
            pilot = weigh_rows(run, q, q, run.settings.rows.hasty)
    return Modes(tops, pilot, missed, () if missed else notes, interrupted or pilot.interrupted)


def _climbed(
    run: Run, stream: RowsDensity, suspects: list[Gaussian]
) -> tuple[list[Peak], Streamed]:
    with run.progress.stage("gaussian"):
        tops = peaks(run, stream, suspects)
    if not tops:
        raise InputError(
            "the log density of all rows is finite nowhere that the log density of a sample of "
            "them has its mass: check the data for values that the model does not allow."
        )
    return tops, _piloted(run, tops)


def _piloted(run: Run, tops: list[Peak]) -> Streamed:
    """Weigh a few draws of the modes' Gaussians."""
    pilot = run.settings.rows.pilot
    with run.progress.stage("weights"):
        weigh = replace(run.settings.weigh, component_draws=pilot)
        components = [GaussianComponent(top.gaussian) for top in tops]
        settings = replace(run.settings, weigh=weigh)
        q = mixture_of([*components], run.counted, run.rng, settings)
        return weigh_rows(run, q, q, pilot)


def _rough(run: Run, tops: list[Peak], suspects: list[Gaussian]) -> Mixture:
    """The mixture of what is known when a fit is cut short."""
    if tops:
        log_masses = np.array([top.log_mass for top in tops])
        weights = np.exp(log_masses - logsumexp(log_masses))
        return Mixture(tuple(GaussianComponent(top.gaussian) for top in tops), weights)
    seen, best = run.counted.evaluated, suspects[0]
    if len(seen.points):  # on all rows, which a climb has begun
        best = Gaussian(seen.points[int(np.argmax(seen.log_p))], best.cholesky)
    return Mixture((GaussianComponent(best),), np.ones(1))
