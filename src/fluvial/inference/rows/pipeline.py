"""The pipeline of a density of many rows: what is cheap on a sample, what must be exact on all."""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from fluvial.errors import InputError
from fluvial.inference.choosing import Choice
from fluvial.inference.concluding import conclude, without_draws
from fluvial.inference.correcting import Corrected
from fluvial.inference.counted_target import CountedTarget
from fluvial.inference.refining import Refined
from fluvial.inference.rows.climbing import Peak, peaks
from fluvial.inference.rows.sampling import sampled, suspects
from fluvial.inference.rows.training import TrainedOnRows, train_on_rows
from fluvial.inference.rows.weighing import Streamed, weigh_rows
from fluvial.inference.run import Run
from fluvial.inference.starting import Started
from fluvial.inference.verdict import tail_matters
from fluvial.inference.weighing import mixture_of
from fluvial.posterior.gaussian import Gaussian
from fluvial.posterior.mixture import GaussianComponent, Mixture
from fluvial.posterior.posterior import Posterior
from fluvial.targets.rows_density import RowsDensity

__all__ = ["fit_rows"]


def fit_rows(run: Run, fit_plain: Callable[[Run], Posterior]) -> Posterior:
    """Fit a density of many rows.

    Args:
        run: the fit, whose target streams.
        fit_plain: fits a density of rows so few that they need no streaming, or that all can be
            seen at each step of a training.

    Raises:
        InputError: if rows hold NaN, the density is finite nowhere, or has too many coordinates.
    """
    posterior = _fitted(*_watched(run), fit_plain)
    return replace(posterior, target=run.target)


def _fitted(run: Run, stream: RowsDensity, fit_plain: Callable[[Run], Posterior]) -> Posterior:
    """Go through the stages in order."""
    rows = run.settings.rows
    with run.progress.stage("rows"):
        stream.check_rows(np.zeros(run.target.dim))
    if stream.count * stream.unit <= rows.few:
        return _plain(run, stream, fit_plain)
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
        pilot = weigh_rows(run, q, q, rows.pilot)
    trained = None
    fatal = found.started.missed > run.settings.explore.missed
    if not fatal and _needs_flow(run, pilot):
        if stream.count * stream.unit <= rows.sample[1]:
            return _plain(run, stream, fit_plain)
        with run.progress.stage("flow"):
            trained = _trained(run, stream, tops, q)
        with run.progress.stage("weights"):
            pilot = _better(pilot, weigh_rows(run, trained.q, trained.q, rows.pilot))
    with run.progress.stage("weights"):
        draws = rows.draws if stream.local is None else rows.group_draws
        streamed = _weighed(run, pilot, draws, fatal=fatal)
    return _concluded(run, found.started, tops, trained, streamed)


def _plain(run: Run, stream: RowsDensity, fit_plain: Callable[[Run], Posterior]) -> Posterior:
    """Fit rows that fit in memory like any other density."""
    whole = sampled(run.target, stream, stream.count, run.rng)
    return fit_plain(replace(run, counted=CountedTarget(whole, run.settings)))


class _Trained(NamedTuple):
    """Flows in the place of Gaussians, and what each step saw."""

    q: Mixture
    parts: list[TrainedOnRows]

    @property
    def told(self) -> str:
        """What the rows of a step leave unknown."""
        batch, variance = max((part.batch, part.variance) for part in self.parts)
        return (
            f"Each training step saw {batch} rows, whose second-order control variate left "
            f"{variance**0.5:.2g} nat of noise in the log density."
        )


def _needs_flow(run: Run, pilot: Streamed) -> bool:
    weights, settings = pilot.weighed.weights, run.settings
    if run.always_train or pilot.interrupted:
        return run.always_train and not pilot.interrupted
    heavy = tail_matters(weights.ess, weights.size, weights.largest, settings) and (
        weights.khat > min(weights.khat_threshold, settings.verdict.max_khat)
    )
    return heavy or weights.ess < settings.rows.worth * weights.size


def _trained(run: Run, stream: RowsDensity, tops: list[Peak], q: Mixture) -> _Trained:
    parts = [
        train_on_rows(run, stream, top, gaussian, k)
        for k, gaussian in enumerate(q.gaussians)
        for top in _nearest(tops, gaussian)
    ]
    components = tuple(part.component for part in parts)
    return _Trained(Mixture(components, q.weights), parts)


def _nearest(tops: list[Peak], gaussian: Gaussian) -> list[Peak]:
    return [top for top in tops if top.gaussian is gaussian]


def _better(one: Streamed, other: Streamed) -> Streamed:
    """The one whose weights are the more even."""
    return max(one, other, key=lambda streamed: streamed.weighed.weights.ess)


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


def _weighed(run: Run, pilot: Streamed, draws: int, *, fatal: bool) -> Streamed:
    """Weigh all draws: of a wider base where the weights of some have shown a tail."""
    weights, q = pilot.weighed.weights, pilot.weighed.q
    if fatal or pilot.interrupted:
        return pilot
    if tail_matters(weights.ess, weights.size, weights.largest, run.settings):
        return weigh_rows(run, q, run.settings.weigh.widened(q), draws)
    return weigh_rows(run, q, q, draws, pilot)


def _concluded(
    run: Run, started: Started, tops: list[Peak], trained: _Trained | None, streamed: Streamed
) -> Posterior:
    weighed = streamed.weighed
    parts = [] if trained is None else trained.parts
    arrived = tops[0].settled
    doubts = () if arrived else ("The climb on all rows has not arrived at a mode.",)
    told = [] if trained is None else [trained.told]
    if streamed.late:
        told.append(f"Time was up after {weighed.weights.size} draws had been weighed on all rows.")
    interrupted = streamed.interrupted or any(part.interrupted for part in parts)
    used = trained is not None and weighed.q is trained.q
    choice = Choice(run.flow) if used else None
    refined = Refined(weighed, None, 0.0, 0.0, choice, doubts, (), interrupted)
    posterior = conclude(run, started, refined, Corrected(weighed, [], interrupted))
    judgment = posterior.judgment
    judgment = replace(judgment, reasons=(*judgment.reasons, *told))
    return replace(posterior, judgment=judgment)
