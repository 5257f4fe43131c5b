"""Why each cell does not say what was recorded: what the differences alone do not tell."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from fluvial.replication.compare.cause import Cause
from fluvial.replication.compare.difference import Kind
from fluvial.replication.compare.outputs import IMAGES, Outputs, errors, printed
from fluvial.replication.difference_causes import cause_of_difference
from fluvial.replication.error_causes import UNKNOWN_NAME, cause_of_error
from fluvial.replication.names import names_in
from fluvial.replication.notebook_run import NotebookRun
from fluvial.replication.order import disordered, repeated
from fluvial.replication.read import RecordedNotebook
from fluvial.replication.reordered import Reordered
from fluvial.replication.result import CellOutcome, CellVerdict
from fluvial.replication.story import STYLE, Facts, NotebookStory

__all__ = ["with_causes"]

_INLINE = re.compile(r"^\s*%(?:matplotlib|pylab)\b", re.MULTILINE)
# Frames of functions that a cell defines say of which function they are.
_OWN_LINE = re.compile(r"^Cell In\[\d+\], line (\d+)$", re.MULTILINE)
_COLOR = re.compile(r"\x1b\[[\d;]*m")
_CUT = re.compile(r"\.\.\.|…|\\(?:\n|$)")  # what a display option shows or leaves out


def with_causes(
    recorded: RecordedNotebook,
    outcomes: Sequence[CellOutcome],
    runs: Sequence[NotebookRun],
    order: Reordered | None = None,
) -> tuple[CellOutcome, ...]:
    """Give each difference a cause, and each cell that disagrees the cause of its first one.

    A cell that needs what a cell that failed should have made is a consequence of the first such
    cell. What several local runs say alike is not random.

    Args:
        recorded: the notebook.
        outcomes: of its cells, without causes where the outputs alone do not tell.
        runs: the local runs.
        order: what a run in the recorded order told; None if there was none.
    """
    order = order or Reordered()
    story = NotebookStory(
        ever={name for cell in recorded.cells for name in names_in(cell.source).made}
    )
    late, surely_late = (
        (disordered(recorded, surely=surely) | order.agree) - order.unmoved
        for surely in (False, True)
    )
    again = repeated(recorded)
    inline = any(_INLINE.search(cell.source) for cell in recorded.cells)
    styled = any(STYLE.search(cell.source) for cell in recorded.cells)
    pictured = any(
        mime in o.get("data", {}) for c in recorded.cells for o in c.outputs for mime in IMAGES
    )
    done = []
    for outcome, cell, ran in zip(outcomes, recorded.cells, runs[0].cells, strict=True):
        names = names_in(cell.source)
        error = next(iter(errors(ran.outputs)), None)
        failed = (bool(error) and not errors(cell.outputs)) or ran.state == "failed"
        facts = Facts(
            cell.source,
            names,
            story,
            recorded.python,
            len(runs) > 1,
            bool(outcome.varying),
            outcome.number in late,
            outcome.number in surely_late,
            styled,
            _is_cut(cell.outputs) or _is_cut(ran.outputs),
            inline,
            pictured,
            outcome.number in order.agree,
            outcome.number in again,
        )
        done.append(_explained(outcome, error if failed else None, facts))
        line = _failed_line(error) if failed and error else None
        story.after(outcome.number, cell.source, names, failed=failed, line=line)
    return tuple(done)


def _explained(outcome: CellOutcome, error: Mapping[str, Any] | None, facts: Facts) -> CellOutcome:
    why, after = _caught(outcome, facts) if error is None else cause_of_error(error, facts)
    if outcome.verdict is CellVerdict.NOT_RECORDED:
        return outcome
    found = tuple(
        replace(difference, cause=difference.cause or why or cause_of_difference(difference, facts))
        for difference in outcome.differences
    )
    # What only one side has tells least of why.
    one_sided = (Kind.MISSING, Kind.EXTRA)
    apart = sorted(
        (difference for difference in found if not difference.tolerated),
        key=lambda difference: difference.kind in one_sided,
    )
    cause = why or (apart[0].cause if apart else None)
    if outcome.verdict is CellVerdict.ERROR and cause is None:
        cause = Cause.ENVIRONMENT
    if cause is Cause.EARLIER_ERROR and after is None:
        settings = (facts.unset_by(difference) for difference in found if not difference.tolerated)
        after = next(filter(None, settings), None) or facts.stale_since
    return replace(outcome, differences=found, cause=cause, after=after)


def _is_cut(outputs: Outputs) -> bool:
    """Whether a table of a cell leaves out lines or columns, as display options have it."""
    return bool(_CUT.search(printed(outputs)))


def _failed_line(error: Mapping[str, Any]) -> int | None:
    """Return the line of a cell at which it raised an error; None if its traceback has none."""
    found = _OWN_LINE.findall(_COLOR.sub("", "\n".join(error.get("traceback", ()))))
    return int(found[-1]) if found else None


def _caught(outcome: CellOutcome, facts: Facts) -> tuple[Cause | None, int | None]:
    """Say whether a cell caught an error that is a consequence of an earlier one, and of which."""
    for difference in outcome.differences:
        unknown = None if difference.tolerated else UNKNOWN_NAME.search(difference.local)
        if unknown and unknown[1] in facts.story.missing:
            return Cause.EARLIER_ERROR, facts.story.missing[unknown[1]]
    return None, None
