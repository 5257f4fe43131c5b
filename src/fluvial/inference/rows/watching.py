"""Passes over the rows: shown while they go on, counted, and kept for a fit that resumes."""

import time
from dataclasses import replace

from fluvial.inference.counted_target import CountedTarget
from fluvial.inference.run import Run
from fluvial.targets.rows_density import Recall, RowsDensity

__all__ = ["watched"]


def watched(run: Run) -> tuple[Run, RowsDensity]:
    """Return the fit whose passes over the rows show in the progress line, and are kept.

    A fit is a function of its arguments, to the bit, and nearly all of its time goes into passes.
    So one that is called again finds under each pass's points what the last one has computed.
    """
    stream = run.target.streamed
    assert stream is not None
    count, begun = stream.rows.count, time.perf_counter()
    read = computed = 0

    def watch(rows: int, points: int) -> None:
        nonlocal read, computed
        read, computed = read + rows, computed + rows * points
        rate = computed / max(time.perf_counter() - begun, 1e-9)
        note = f"{read / count:.1f} passes over {count:,} rows, {rate:.2g} rows x draws/s"
        run.progress.update(read // count, None, note)

    stream = stream.watched(watch, run.devices.local, _recalling(run, stream))
    rows = run.settings.rows
    reserve = replace(run.settings.weigh, draws=rows.pilot, component_draws=0)
    counted = CountedTarget(
        run.target.with_density(stream), replace(run.settings, weigh=reserve), run.budget
    )
    counted.count(run.counted.evaluations, run.counted.nonfinite)  # of an earlier try
    run = replace(run, counted=counted)
    run.progress.left = run.left
    return run, stream


def _recalling(run: Run, stream: RowsDensity) -> Recall:
    """What finds the passes that an earlier fit of the same rows has kept."""
    if run.checkpoint.folder is None:
        return lambda parts, compute: compute()
    with run.progress.stage("rows"):
        digest = stream.digest()
    return lambda parts, compute: run.checkpoint.recall("rows", [digest, *parts], compute)
