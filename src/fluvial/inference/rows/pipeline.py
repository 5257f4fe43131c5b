"""The pipeline of a density of many rows: what is cheap on a sample, what must be exact on all."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from fluvial.errors import InputError
from fluvial.inference.concluding import conclude, without_draws
from fluvial.inference.correcting import Corrected
from fluvial.inference.counted_target import CountedTarget
from fluvial.inference.flow_training.choosing import Choice
from fluvial.inference.refining import Refined
from fluvial.inference.rows.exact_weights import Streamed, weigh_rows
from fluvial.inference.rows.finding import Modes, find_modes
from fluvial.inference.rows.integrating import Finer, finer_rule, integrated, with_rule
from fluvial.inference.rows.sampling import Suspects, sampled, suspects
from fluvial.inference.rows.searching import mass_beside
from fluvial.inference.rows.streamed_climb import Peak
from fluvial.inference.rows.structured import structured
from fluvial.inference.rows.training import train_on_rows
from fluvial.inference.rows.watching import watched
from fluvial.inference.run import Run
from fluvial.inference.starting import Started
from fluvial.inference.verdict.verdict import tail_matters
from fluvial.inference.verdict.weighing import Weighed
from fluvial.posterior.gaussian import Gaussian
from fluvial.posterior.mixture import Mixture
from fluvial.posterior.posterior import Posterior
from fluvial.targets.faulty_rows import check_rows, complaint_of_rows
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
    while True:
        watching, stream = watched(run)
        found = _fitted(watching, stream, fit_plain)
        if isinstance(found, Posterior):
            found = integrated(watching, stream, found)
        if isinstance(found, Posterior):
            return replace(found, target=run.target)
        run = with_rule(watching, stream, found)


def _fitted(
    run: Run, stream: RowsDensity, fit_plain: Callable[[Run], Posterior]
) -> Posterior | Finer:
    """Go through the stages in order."""
    rows = run.settings.rows
    with run.progress.stage("rows"):
        check_rows(stream, np.zeros(run.target.dim))
    if stream.count * stream.unit <= rows.few:
        with _blaming(stream):
            return _plain(run, stream, fit_plain)
    if run.target.dim > rows.max_dim:
        raise InputError(
            f"{stream.count} rows and {run.target.dim} coordinates: of so many rows at most "
            f"{rows.max_dim} coordinates can be fitted. Give coordinates that belong to one group "
            "of rows each with Target.from_groups."
        )
    with run.progress.stage("starts"), _blaming(stream):
        found = suspects(run, stream)
    if found.started.improper:
        return without_draws(run, found.started, found.started.improper)
    finer, found = _finer(run, stream, found)
    if finer is not None:
        return finer
    with _blaming(stream, found.gaussians[0].mean):
        modes, trained = find_modes(run, stream, found), None
    fatal = found.started.doubtful or modes.missed > 0.0
    if not fatal and not modes.interrupted and _needs_flow(run, modes.pilot):
        if stream.count * stream.unit <= rows.sample[1]:
            return _plain(run, stream, fit_plain)
        trained, modes = _with_flow(run, stream, modes)
    with run.progress.stage("weights"):
        draws = rows.draws if stream.local is None else rows.group_draws
        stop = fatal or modes.interrupted
        streamed = modes.pilot if stop else _weighed(run, modes.pilot, draws)
    return _concluded(run, found.started, modes, trained, streamed)


def _finer(run: Run, stream: RowsDensity, found: Suspects) -> tuple[Finer | None, Suspects]:
    """The rule by which a fit should go on, if it is another; and what was found until Ctrl-C."""
    try:
        return None if found.interrupted else finer_rule(run, stream, found.gaussians[0]), found
    except KeyboardInterrupt:
        return None, found._replace(interrupted=True)


@contextmanager
def _blaming(stream: RowsDensity, *points: np.ndarray) -> Iterator[None]:
    """Name the rows to blame, if there are any, where a density was finite nowhere."""
    try:
        yield
    except InputError as error:
        tried = np.stack([*points, np.zeros(stream.dim), np.full(stream.dim, 0.1)])
        complaint = complaint_of_rows(stream, tried)
        if complaint is None:
            raise
        raise InputError(complaint) from error


def _plain(run: Run, stream: RowsDensity, fit_plain: Callable[[Run], Posterior]) -> Posterior:
    """Fit rows that fit in memory like any other density."""
    whole = sampled(run.target, stream, stream.count, run.rng)
    return fit_plain(replace(run, counted=CountedTarget(whole, run.settings, run.budget)))


class _FlowsOfRows(NamedTuple):
    """Flows in place of Gaussians.

    Attributes:
        q: the flows.
        choice: which they are.
        told: what the rows of a step leave unknown, a sentence; none where steps saw all rows.
        interrupted: whether Ctrl-C has ended their training.
    """

    q: Mixture
    choice: Choice
    told: tuple[str, ...] = ()
    interrupted: bool = False


def _needs_flow(run: Run, pilot: Streamed) -> bool:
    weights, settings = pilot.weighed.weights, run.settings
    if run.always_train:
        return True
    heavy = tail_matters(weights.ess, weights.attainable_ess, weights.largest, settings) and (
        weights.khat > min(weights.khat_threshold, settings.verdict.max_khat)
    )
    return heavy or weights.ess < settings.rows.worth * weights.size


def _with_flow(run: Run, stream: RowsDensity, modes: Modes) -> tuple[_FlowsOfRows | None, Modes]:
    """Put a flow in place of the Gaussians, and weigh it; what Ctrl-C finds unweighed is left.

    First what needs no training, where there is structure.
    """
    trained = None
    for make in (_structured, _trained):
        try:
            with run.progress.stage("flow"):
                made = make(run, stream, modes)
            if made is None:
                continue
            trained = made
            with run.progress.stage("weights"):
                flow = weigh_rows(run, trained.q, trained.q, run.settings.rows.pilot)
        except KeyboardInterrupt:
            return trained, modes._replace(interrupted=True)
        interrupted = flow.interrupted or trained.interrupted
        better = _better(modes.pilot, flow)
        modes = modes._replace(pilot=better, interrupted=interrupted)
        if interrupted or better is flow:
            break
    return trained, modes


def _structured(run: Run, stream: RowsDensity, modes: Modes) -> _FlowsOfRows | None:
    found = structured(run, modes.pilot.weighed.q)
    return None if found is None else _FlowsOfRows(found.q, found.choice, (), found.interrupted)


def _trained(run: Run, stream: RowsDensity, modes: Modes) -> _FlowsOfRows:
    q = modes.pilot.weighed.q
    parts = [
        train_on_rows(run, stream, top, gaussian, k)
        for k, gaussian in enumerate(q.gaussians)
        for top in _nearest(modes.tops, gaussian)
    ]
    components = tuple(part.component for part in parts)
    batch, variance = max((part.batch, part.variance) for part in parts)
    told = (
        f"Each training step saw {batch} rows, whose second-order control variate left "
        f"{variance**0.5:.2g} nat of noise in the log density."
    )
    interrupted = any(part.interrupted for part in parts)
    return _FlowsOfRows(Mixture(components, q.weights), Choice(run.flow), (told,), interrupted)


def _nearest(tops: list[Peak], gaussian: Gaussian) -> list[Peak]:
    return [top for top in tops if top.gaussian is gaussian]


def _better(one: Streamed, other: Streamed) -> Streamed:
    """The one whose weights are the more even."""
    return max(one, other, key=lambda streamed: streamed.weighed.weights.ess)


def _weighed(run: Run, pilot: Streamed, draws: int) -> Streamed:
    """Weigh all draws: of a wider base where the weights of some have shown a tail."""
    weights, q = pilot.weighed.weights, pilot.weighed.q
    if tail_matters(weights.ess, weights.attainable_ess, weights.largest, run.settings):
        return weigh_rows(run, q, run.settings.weigh.widened(q), draws, lest=pilot)
    return weigh_rows(run, q, q, draws, pilot)


def _concluded(
    run: Run, started: Started, modes: Modes, trained: _FlowsOfRows | None, streamed: Streamed
) -> Posterior:
    weighed = streamed.weighed
    arrived = bool(modes.tops) and modes.tops[0].settled
    doubts = () if arrived else ("The climb on all rows has not arrived at a mode.",)
    told = [] if trained is None else [*trained.told]
    if streamed.late:
        told.append(f"Time was up after {weighed.weights.size} draws had been weighed on all rows.")
    beside, interrupted = _beside(run, weighed, modes.interrupted or streamed.interrupted)
    used = trained is not None and weighed.q is trained.q
    choice = trained.choice if trained is not None and used else None
    refined = Refined(weighed, None, beside, modes.missed, choice, doubts, modes.notes, interrupted)
    posterior = conclude(run, started, refined, Corrected(weighed, [], interrupted))
    judgment = posterior.judgment
    judgment = replace(judgment, reasons=(*judgment.reasons, *told))
    return replace(posterior, judgment=judgment)


def _beside(run: Run, weighed: Weighed, interrupted: bool) -> tuple[float, bool]:
    """The mass beside the approximation, but for a fit that was cut short, and whether it was."""
    if interrupted:
        return 0.0, True
    try:
        with run.progress.stage("search"):
            return mass_beside(run, weighed.q, weighed.weights.log_evidence), False
    except KeyboardInterrupt:
        return 0.0, True
