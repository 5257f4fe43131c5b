"""The pipeline of a density of many rows: what is cheap on a sample, what must be exact on all."""

import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from fluvial.errors import InputError
from fluvial.inference.concluding import conclude, without_draws
from fluvial.inference.correcting import Corrected
from fluvial.inference.counted_target import CountedTarget
from fluvial.inference.refining import Refined
from fluvial.inference.rows.climbing import Peak, peaks
from fluvial.inference.rows.sampling import sampled, suspects
from fluvial.inference.rows.weighing import Streamed, weigh_rows
from fluvial.inference.run import Run
from fluvial.inference.starting import Started
from fluvial.inference.verdict import tail_matters
from fluvial.inference.weighing import mixture_of
from fluvial.posterior.defense import widened
from fluvial.posterior.mixture import GaussianComponent, Mixture
from fluvial.posterior.posterior import Posterior
from fluvial.targets.rows_density import RowsDensity

__all__ = ["fit_rows"]


def fit_rows(run: Run, fit_plain: Callable[[Run], Posterior]) -> Posterior:
    """Fit a density of many rows.

    Args:
        run: the fit, whose target streams.
        fit_plain: fits a density of rows so few that they need no streaming.

    Raises:
        InputError: if rows hold NaN, the density is finite nowhere, or has too many coordinates.
    """
    target = run.target
    run, stream = _watched(run)
    rows = run.settings.rows
    with run.progress.stage("rows"):
        stream.check_rows(np.zeros(run.target.dim))
    if stream.count <= rows.few:
        few = sampled(run.target, stream, stream.count, run.rng)
        return fit_plain(replace(run, counted=CountedTarget(few, run.settings)))
    if run.target.dim > rows.max_dim:
        raise InputError(
            f"{stream.count} rows and {run.target.dim} coordinates: of so many rows at most "
            f"{rows.max_dim} coordinates can be fitted. Give coordinates that belong to one group "
            "of rows each with Target.from_groups."
        )
    with run.progress.stage("starts"):
        found = suspects(run, stream)
    if found.started.improper:
        return without_draws(run, found.started, found.started.improper)
    with run.progress.stage("gaussian"):
        tops = peaks(run, stream, found.gaussians)
        if not tops:
            raise InputError(
                "the log density of all rows is finite nowhere that the log density of a sample of "
                "them has its mass: check the data for values that the model does not allow."
            )
        q = _mixture(run, tops)
    with run.progress.stage("weights"):
        weighed = _weighed(run, q, fatal=bool(found.started.lucky))
    posterior = _concluded(run, found.started, tops, weighed)
    return replace(posterior, target=target)


def _watched(run: Run) -> tuple[Run, RowsDensity]:
    """The same fit, whose passes over the rows show in the progress line."""
    stream = run.target.streamed
    assert stream is not None
    begun, done = time.perf_counter(), 0

    def watch(evaluated: int) -> None:
        nonlocal done
        done += evaluated
        rate = done / max(time.perf_counter() - begun, 1e-9)
        run.progress.update(done // count, None, f"passes over {count} rows, {rate:.2g} rows/s")

    count = stream.rows.count
    stream = stream.watched(watch, run.devices.local)
    target = run.target.with_density(stream)
    return replace(run, counted=CountedTarget(target, run.settings)), stream


def _mixture(run: Run, tops: list[Peak]) -> Mixture:
    components = [GaussianComponent(top.gaussian) for top in tops]
    weigh = replace(run.settings.weigh, component_draws=run.settings.rows.pilot)
    return mixture_of([*components], run.counted, run.rng, replace(run.settings, weigh=weigh))


def _weighed(run: Run, q: Mixture, *, fatal: bool) -> tuple[Streamed, bool]:
    """Weigh some draws, then all; also whether they are of a wider base."""
    rows = run.settings.rows
    pilot = weigh_rows(run, q, q, rows.pilot)
    weights = pilot.weighed.weights
    if fatal or pilot.interrupted:
        return pilot, False
    if tail_matters(weights.ess, weights.size, weights.largest, run.settings):
        return weigh_rows(run, q, widened(q), rows.draws), True
    return weigh_rows(run, q, q, rows.draws, pilot), False


def _concluded(
    run: Run,
    started: Started,
    tops: list[Peak],
    weighed: tuple[Streamed, bool],
) -> Posterior:
    streamed, _ = weighed
    doubts = []
    if not tops[0].settled:
        doubts.append("The climb on all rows has not arrived at a mode.")
    if streamed.late:
        doubts.append(
            f"Time was up after {streamed.weighed.weights.size} draws had been weighed on all rows."
        )
    refined = Refined(streamed.weighed, 0.0, 0.0, False, tuple(doubts), streamed.interrupted)
    corrected = Corrected(streamed.weighed, [], streamed.interrupted)
    return conclude(run, started, refined, corrected)
