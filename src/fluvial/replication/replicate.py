"""Run a notebook again, and compare what it says with what it said."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from fluvial.replication.causes import with_causes
from fluvial.replication.compare.cell import compare_outputs
from fluvial.replication.compare.difference import Difference, Kind
from fluvial.replication.compare.outputs import Outputs, printed, rewritten
from fluvial.replication.compare.surroundings import Surroundings
from fluvial.replication.compare.tolerance import Tolerance
from fluvial.replication.declared import Metric
from fluvial.replication.metrics import MetricOutcome, judge_metrics
from fluvial.replication.names import names_in
from fluvial.replication.notebook_run import NotebookRun, RunCell, run_notebook
from fluvial.replication.patterns import check_patterns
from fluvial.replication.read import RecordedNotebook
from fluvial.replication.ready import check_ready
from fluvial.replication.reordered import Reordered, order_to_try, reordered
from fluvial.replication.repeats import explained
from fluvial.replication.result import CellOutcome, CellVerdict, Replication
from fluvial.replication.variation import Variation, variations

if TYPE_CHECKING:
    from nbformat import NotebookNode

__all__ = ["compare_runs", "replicate"]

_MOST_KEPT = 200


def replicate(
    recorded: RecordedNotebook,
    tolerance: Tolerance | None = None,
    metrics: Sequence[Metric] = (),
    *,
    kernel: str | None = None,
    timeout: int = 600,
    repeat: int = 1,
    root: Path | None = None,
    python: Path | None = None,
    started: Callable[[int, int], None] = lambda run, cell: None,
) -> Replication:
    """Run a notebook again, and compare what it says with what it said.

    A notebook is a program, and this runs it: with the rights of this process, in a scratch copy
    of its repository that nothing confines it to. If cells differ that were recorded in another
    order than from top to bottom, it is run once more in that order, to tell whether that is why.

    Args:
        recorded: from ``read_notebook``.
        tolerance: how far values may lie from the recorded ones.
        metrics: from ``declared_metrics``.
        kernel: the name of a kernel to use instead of the notebook's own.
        timeout: the most seconds that one cell may take.
        repeat: how many times to run it; what differs between the runs varies by itself.
        root: of the files that it may read, a folder above it; by default its git repository.
        python: the interpreter of another environment to run it in.
        started: called with the number of the run and of each cell, from 1, before it runs; the
            run in the recorded order is one more than ``repeat``.

    Raises:
        InputError: if there is no such kernel, it does not start, the folder is too large, or
            there are pictures and nothing that compares them.
    """
    name = check_ready(recorded, kernel)

    def run(number: int, order: Sequence[int] = ()) -> NotebookRun:
        return run_notebook(
            recorded,
            name,
            timeout,
            lambda cell: started(number, cell),
            root=root,
            python=python,
            order=order,
        )

    runs = [run(number) for number in range(1, repeat + 1)]
    in_order = partial(run, repeat + 1)
    return compare_runs(recorded, runs, tolerance or Tolerance(), metrics, in_order)


def compare_runs(
    recorded: RecordedNotebook,
    runs: Sequence[NotebookRun],
    tolerance: Tolerance,
    metrics: Sequence[Metric] = (),
    in_order: Callable[[Sequence[int]], NotebookRun | None] = lambda order: None,
) -> Replication:
    """Compare the recorded outputs of a notebook with those of local runs.

    Args:
        recorded: the notebook as it was saved.
        runs: at least one; what differs between them varies by itself.
        tolerance: how far values may lie from the recorded ones.
        metrics: numbers to be judged by rules of their own, and by no other.
        in_order: runs the cells in the order of the given numbers, if it can; asked for if cells
            differ that were recorded out of order.
    """
    cells = recorded.cells
    python = _numbers(recorded.python)
    _check_metrics(metrics, cells, runs)
    judged = judge_metrics(
        metrics,
        [cell.outputs for cell in cells],
        [[cell.outputs for cell in run.cells] for run in runs],
    )
    # Some editors save outputs without counts: there no cell's count says whether it was run,
    counted = any(cell.execution_count for cell in cells)
    outcomes = []
    sources = _sources(cells)
    for number, cell in enumerate(cells, 1):
        own = [run.cells[number - 1] for run in runs]
        here = [metric for metric in metrics if metric.cell in (None, number)]
        printed_by = [_surroundings(run, number, sources[number - 1]) for run in runs]
        first = replace(printed_by[0], python=python)
        between = _between(own, tolerance, here, printed_by)
        found = _differences(cell.outputs, own, between, tolerance, here, judged, first)
        # and one that has printed nothing there may never have been run.
        said = [o for run in own for o in run.outputs if o.get("name") != "stderr"]
        was_run = bool(cell.outputs or cell.execution_count or not (counted or said))
        outcomes.append(_outcome(number, cell, own, found, variations(between), was_run))
    order = order_to_try(recorded, outcomes)
    again = in_order(order) if order else None
    told = (
        Reordered() if again is None else reordered(recorded, outcomes, runs[0], again, tolerance)
    )
    return Replication(with_causes(recorded, outcomes, runs, told), judged, tuple(runs))


def _check_metrics(
    metrics: Sequence[Metric], cells: Sequence["NotebookNode"], runs: Sequence[NotebookRun]
) -> None:
    if not metrics:
        return
    texts = [printed(cell.outputs) for cell in cells]
    texts += [printed(cell.outputs) for run in runs for cell in run.cells]
    check_patterns({metric.name: metric.pattern.pattern for metric in metrics}, texts)


def _numbers(version: str) -> tuple[int, ...]:
    """Return the first two numbers of a version; nothing if it has none."""
    numbers = version.split(".")[:2]
    known = len(numbers) == 2 and all(map(str.isdecimal, numbers))
    return tuple(map(int, numbers)) if known else ()


def _surroundings(run: NotebookRun, number: int, source: str) -> Surroundings:
    """Return what a run could print of itself up to the end of a cell."""
    taken = [cell.seconds for cell in run.cells[:number] if cell.seconds is not None]
    folders = run.folders or Surroundings().folders
    return Surroundings(run.started, run.ended, sum(taken), folders, source, run.defaults)


def _sources(cells: Sequence["NotebookNode"]) -> list[str]:
    """Return of each cell its code, with that of the cells before it whose names it needs."""
    names = [names_in(cell.source) for cell in cells]
    sources = []
    for at, cell in enumerate(cells):
        needed, parts = set(names[at].used), [cell.source]
        for before in range(at - 1, -1, -1):
            if names[before].made & needed:
                needed |= names[before].used
                parts.append(cells[before].source)
        sources.append("\n".join(reversed(parts)))
    return sources


def _between(
    runs: Sequence[RunCell],
    tolerance: Tolerance,
    metrics: Sequence[Metric],
    printed_by: Sequence[Surroundings],
) -> list[list[Difference]]:
    """Compare each further local run of a cell with the first one."""
    first, *others = [_without_metrics(run.outputs, metrics) for run in runs]
    return [
        list(compare_outputs(first, other, tolerance, run))
        for other, run in zip(others, printed_by[1:], strict=True)
    ]


def _differences(
    recorded: Outputs,
    runs: Sequence[RunCell],
    between: Sequence[Sequence[Difference]],
    tolerance: Tolerance,
    metrics: Sequence[Metric],
    judged: Sequence[MetricOutcome],
    printed_by: Surroundings,
) -> list[Difference]:
    before, first = (_without_metrics(o, metrics) for o in (recorded, runs[0].outputs))
    found = list(compare_outputs(before, first, tolerance, printed_by))
    outcome_of = {outcome.name: outcome for outcome in judged}
    by_metric = [
        _metric_difference(metric, recorded, runs[0].outputs, outcome_of[metric.name])
        for metric in metrics
    ]
    return [*explained(found, between), *filter(None, by_metric)]


def _without_metrics(outputs: Outputs, metrics: Sequence[Metric]) -> Outputs:
    for metric in metrics:
        outputs = rewritten(outputs, metric.masked)
    return outputs


def _metric_difference(
    metric: Metric, recorded: Outputs, local: Outputs, outcome: MetricOutcome
) -> Difference | None:
    """Say that a metric differs in a cell, if it is there and does."""
    before, after = (metric.value_in(printed(outputs)) for outputs in (recorded, local))
    if before == after:
        return None
    relative = None
    if before and after is not None:
        relative = abs(after - before) / abs(before)
    return Difference(
        Kind.NUMBER,
        f"metric {metric.name}",
        None,
        "" if before is None else f"{before:.10g}",
        "" if after is None else f"{after:.10g}",
        relative,
        outcome.passes,
        f"{outcome.verdict}: {outcome.reason}",
    )


def _outcome(
    number: int,
    cell: "NotebookNode",
    runs: Sequence[RunCell],
    found: list[Difference],
    varying: list[Variation],
    was_run: bool,
) -> CellOutcome:
    worst = next((run for run in runs if run.state == "failed"), runs[0])
    verdict = _verdict(worst, found, was_run)
    if worst.state != "done" or verdict is CellVerdict.NOT_RECORDED:
        found = []
    kept = sorted(found, key=lambda difference: difference.tolerated)[:_MOST_KEPT]
    agrees = verdict in (CellVerdict.IDENTICAL, CellVerdict.WITHIN_TOLERANCE)
    problem = "" if agrees else worst.problem
    source = cell.source.strip().splitlines()[0]
    return CellOutcome(
        number,
        verdict,
        tuple(kept),
        len(found),
        tuple(varying[:_MOST_KEPT]),
        runs[0].seconds,
        problem,
        source,
    )


def _verdict(run: RunCell, found: Sequence[Difference], was_run: bool) -> CellVerdict:
    new_error = any(
        difference.kind is Kind.ERROR and not difference.recorded for difference in found
    )
    if run.state == "failed" or new_error:
        return CellVerdict.ERROR
    if run.state == "skipped" or not was_run:
        return CellVerdict.NOT_RECORDED
    if not found:
        return CellVerdict.IDENTICAL
    tolerated = all(difference.tolerated for difference in found)
    return CellVerdict.WITHIN_TOLERANCE if tolerated else CellVerdict.DIFFERS
