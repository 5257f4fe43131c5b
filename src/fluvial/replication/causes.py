"""Why each cell does not say what was recorded: what the differences alone do not tell."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from fluvial.replication.compare.cause import Cause
from fluvial.replication.compare.difference import Kind
from fluvial.replication.compare.outputs import IMAGES, Outputs, errors, printed
from fluvial.replication.difference_causes import cause_of_difference
from fluvial.replication.edited import is_edited
from fluvial.replication.error_causes import UNKNOWN_NAME, cause_of_error
from fluvial.replication.facts import Facts
from fluvial.replication.names import names_in
from fluvial.replication.notebook_run import NotebookRun
from fluvial.replication.order import disordered, run_again
from fluvial.replication.read import RecordedNotebook
from fluvial.replication.reordered import Reordered
from fluvial.replication.result import CellOutcome, CellVerdict
from fluvial.replication.story import STYLE, NotebookStory

if TYPE_CHECKING:
    from nbformat import NotebookNode

__all__ = ["with_causes"]

_INLINE = re.compile(r"^\s*%(?:matplotlib|pylab)\b", re.MULTILINE)
# Frames of functions that a cell defines say of which function they are.
_OWN_LINE = re.compile(r"^Cell In\[\d+\], line (\d+)$", re.MULTILINE)
_COLOR = re.compile(r"\x1b\[[\d;]*m")
_STARRED = re.compile(r"^\s*from\s[\w.]+\simport\s*\*|^\s*%(?:pylab|run|load_ext)\b", re.MULTILINE)
_AGREES = (CellVerdict.IDENTICAL, CellVerdict.WITHIN_TOLERANCE)
_IMPORTS = re.compile(r"^\s*(?:from|import)\s+(\w+)", re.MULTILINE)
_EXTENSION = re.compile(r"^\s*%(?:re)?load_ext\b", re.MULTILINE)
_NO_MAGIC = re.compile(r"^UsageError: (?:Cell|Line) magic .*not found", re.MULTILINE)
_NO_FILE = "No such file or directory"
_CUT = re.compile(r"\.\.\.|…|\\(?:\n|$)")  # what a display option shows or leaves out


@dataclass(frozen=True)
class _Met:
    """A cell as it was met: what is known of it, and the error that it should not have raised."""

    outcome: CellOutcome
    facts: Facts
    why: Cause | None
    after: int | None
    shows: bool


def with_causes(
    recorded: RecordedNotebook,
    outcomes: Sequence[CellOutcome],
    runs: Sequence[NotebookRun],
    order: Reordered | None = None,
) -> tuple[CellOutcome, ...]:
    """Give each difference a cause, and each cell that disagrees the cause of its first one.

    A cell that needs what a cell that failed should have made is a consequence of the first such
    cell, and so is what needs that. What several local runs say alike is not random.

    Args:
        recorded: the notebook.
        outcomes: of its cells, without causes where the outputs alone do not tell.
        runs: the local runs.
        order: what a run in the recorded order told; None if there was none.
    """
    order = order or Reordered()
    cells = recorded.cells
    late, surely_late = (
        (disordered(recorded, surely=surely) | order.agree) - order.unmoved
        for surely in (False, True)
    )
    again = run_again(recorded)
    common = Facts(
        number=0,
        source="",
        names=names_in(""),
        story=NotebookStory(ever=frozenset(_made_by(cells))),
        version=recorded.python,
        repeated=len(runs) > 1,
        styled=any(STYLE.search(cell.source) for cell in cells),
        inline=any(_INLINE.search(cell.source) for cell in cells),
        pictured=any(map(_is_pictured, cells)),
        starred=any(_STARRED.search(cell.source) for cell in cells),
    )
    story, own = common.story, _modules_beside(recorded)
    met: list[_Met] = []
    unloaded: int | None = None  # the failed cell that should have loaded an extension of IPython
    for outcome, cell, ran in zip(outcomes, cells, runs[0].cells, strict=True):
        number = outcome.number
        error = next(iter(errors(ran.outputs)), None)
        before = next(iter(errors(cell.outputs)), None)
        failed = (bool(error) and not before) or ran.state == "failed"
        facts = replace(
            common,
            number=number,
            source=cell.source,
            names=names_in(cell.source),
            story=story.at(cell.source, again=number in again),
            varying=bool(outcome.varying),
            disordered=number in late,
            surely_disordered=number in surely_late,
            in_recorded_order=number in order.agree,
            edited=is_edited(cell.source, cell.outputs, ran.outputs),
            cut=_is_cut(cell.outputs) or _is_cut(ran.outputs),
            lacks_file=_lacks_file(ran.outputs) and not _lacks_file(cell.outputs),
            loads=bool(own & set(_IMPORTS.findall(cell.source))),
        )
        if _lacks_magic(ran.outputs) and not _lacks_magic(cell.outputs):
            found = (Cause.EARLIER_ERROR if unloaded else Cause.ENVIRONMENT), unloaded
        elif error is None or _are_alike(error, before):
            found = _caught(outcome, facts)
        else:
            found = cause_of_error(error, facts)
        met.append(_Met(outcome, facts, *found, shows=bool(cell.outputs)))
        root = None if not failed else found[1] or number
        if failed and unloaded is None and _EXTENSION.search(cell.source):
            unloaded = root
        story = facts.story.after(number, cell.source, failed=root, line=_failed_line(error))
    known = {"innocent": _innocent(met), "vary": _varying(met)}
    return tuple(_explained(replace(cell, facts=replace(cell.facts, **known))) for cell in met)


def _innocent(met: Sequence[_Met]) -> frozenset[int]:
    """Return the failed cells most of whose descendants say what was recorded all the same."""
    balance: Counter[int] = Counter()
    for cell in met:
        differs = cell.outcome.verdict is CellVerdict.DIFFERS
        if differs or (cell.outcome.verdict in _AGREES and cell.shows):
            for failed in cell.facts.story.affects(cell.facts.names):
                balance[failed] += 1 if differs else -1
    return frozenset(failed for failed, excess in balance.items() if excess < 0)


def _varying(met: Sequence[_Met]) -> frozenset[int]:
    """Return the cells that drew numbers without a seed which were seen to vary.

    A cell most of whose descendants say the same in every run drew nothing, or from a seed that
    was set out of sight; of several that reach what varies at least one did.
    """
    balance: Counter[int] = Counter()
    for cell in met:
        if cell.shows or cell.facts.varying:
            for drawn in cell.facts.chance:
                balance[drawn] += 1 if cell.facts.varying else -1
    reach = [cell.facts.chance for cell in met if cell.facts.varying and cell.facts.chance]
    suspected = frozenset().union(*reach)
    vary = frozenset(drawn for drawn in suspected if balance[drawn] >= 0)
    unexplained = (chance for chance in reach if not chance & vary)
    return vary.union(*(_most(chance, balance) for chance in unexplained))


def _most(chance: frozenset[int], balance: Counter[int]) -> frozenset[int]:
    """Return those of several cells that speak most for varying."""
    most = max(balance[drawn] for drawn in chance)
    return frozenset(drawn for drawn in chance if balance[drawn] == most)


def _explained(met: _Met) -> CellOutcome:
    outcome, facts, why, after = met.outcome, met.facts, met.why, met.after
    if outcome.verdict is CellVerdict.NOT_RECORDED:
        return outcome
    found = tuple(
        replace(difference, cause=difference.cause or why or cause_of_difference(difference, facts))
        for difference in outcome.differences
    )
    # What only one side has tells least of why, and what is a little off least of all numbers.
    one_sided = (Kind.MISSING, Kind.EXTRA)
    apart = sorted(
        (difference for difference in found if not difference.tolerated),
        key=lambda difference: (difference.kind in one_sided, difference.cause is Cause.ROUNDING),
    )
    cause = why or (apart[0].cause if apart else None)
    if outcome.verdict is CellVerdict.ERROR and cause is None:
        cause = Cause.ENVIRONMENT
    if cause is Cause.EARLIER_ERROR and after is None:
        settings = (facts.unset_by(difference) for difference in found if not difference.tolerated)
        after = next(filter(None, settings), None) or facts.affected_by
    return replace(outcome, differences=found, cause=cause, after=after)


def _are_alike(error: Mapping[str, Any], before: Mapping[str, Any] | None) -> bool:
    """Whether two errors are of one name, and of what Python calls undefined, the same."""
    if before is None or error["ename"] != before["ename"]:
        return False
    unknown = [UNKNOWN_NAME.search(raised["evalue"]) for raised in (error, before)]
    return unknown[0] is None or unknown[1] is None or unknown[0][1] == unknown[1][1]


def _made_by(cells: Iterable["NotebookNode"]) -> Iterable[str]:
    return (name for cell in cells for name in names_in(cell.source).made)


def _is_pictured(cell: "NotebookNode") -> bool:
    return any(mime in output.get("data", {}) for output in cell.outputs for mime in IMAGES)


def _is_cut(outputs: Outputs) -> bool:
    """Whether a table of a cell leaves out lines or columns, as display options have it."""
    return bool(_CUT.search(printed(outputs)))


def _lacks_file(outputs: Outputs) -> bool:
    """Whether a cell prints, as programs do that it calls, that a file is not there."""
    return _NO_FILE in printed(outputs)


def _lacks_magic(outputs: Outputs) -> bool:
    """Whether IPython says, without failing, that it does not know a command of a cell."""
    return bool(_NO_MAGIC.search(printed(outputs)))


def _modules_beside(recorded: RecordedNotebook) -> frozenset[str]:
    """Return the names of the modules in the notebook's folder."""
    if recorded.folder is None:
        return frozenset()
    return frozenset(path.stem for path in recorded.folder.glob("*.py"))


def _failed_line(error: Mapping[str, Any] | None) -> int | None:
    """Return the line of a cell at which it raised an error; None if its traceback has none."""
    traceback = error.get("traceback", ()) if error else ()
    found = _OWN_LINE.findall(_COLOR.sub("", "\n".join(traceback)))
    return int(found[-1]) if found else None


def _caught(outcome: CellOutcome, facts: Facts) -> tuple[Cause | None, int | None]:
    """Say whether a cell caught an error that is a consequence of an earlier one, and of which."""
    for difference in outcome.differences:
        unknown = None if difference.tolerated else UNKNOWN_NAME.search(difference.local)
        if unknown and unknown[1] in facts.story.affected:
            return Cause.EARLIER_ERROR, min(facts.story.affected[unknown[1]])
    return None, None
