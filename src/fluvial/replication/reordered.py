"""What a run in the recorded order tells of the cells that differ from top to bottom."""

from collections.abc import Sequence
from dataclasses import dataclass

from fluvial.replication.compare.cell import compare_outputs
from fluvial.replication.compare.outputs import Outputs, errors
from fluvial.replication.compare.surroundings import Surroundings
from fluvial.replication.compare.tolerance import Tolerance
from fluvial.replication.notebook_run import NotebookRun
from fluvial.replication.order import disordered
from fluvial.replication.read import RecordedNotebook
from fluvial.replication.result import CellOutcome, CellVerdict

__all__ = ["Reordered", "order_to_try", "reordered"]

_APART = (CellVerdict.DIFFERS, CellVerdict.ERROR)


@dataclass(frozen=True)
class Reordered:
    """Cells that differ from top to bottom, by what they say in the recorded order.

    Attributes:
        agree: those that then say what was recorded.
        unmoved: those that say the same in both orders, so that the order has no part in it.
    """

    agree: frozenset[int] = frozenset()
    unmoved: frozenset[int] = frozenset()


def order_to_try(recorded: RecordedNotebook, outcomes: Sequence[CellOutcome]) -> tuple[int, ...]:
    """Return the cells in the order of their counts; none if that has no part in what differs.

    A cell that was run several times has its last count alone, so that this need not be the order
    in which all was run.

    Args:
        recorded: the notebook.
        outcomes: of its cells, from top to bottom.
    """
    apart = {outcome.number for outcome in outcomes if outcome.verdict in _APART}
    if not apart & disordered(recorded):
        return ()
    keys: list[tuple[int, int]] = []
    last = 0
    for number, cell in enumerate(recorded.cells, 1):
        last = cell.execution_count or last  # what has none stays behind the cell above it
        keys.append((last, number))
    order = tuple(number for _, number in sorted(keys))
    return () if order == tuple(range(1, len(order) + 1)) else order


def reordered(
    recorded: RecordedNotebook,
    outcomes: Sequence[CellOutcome],
    below: NotebookRun,
    run: NotebookRun,
    tolerance: Tolerance,
) -> Reordered:
    """Compare what cells that differ say in the recorded order with what they said.

    Args:
        recorded: the notebook.
        outcomes: of its cells, from top to bottom.
        below: the run from top to bottom.
        run: the run in the recorded order.
        tolerance: how far values may lie from the recorded ones.
    """
    here = Surroundings(run.started, run.ended, folders=run.folders, defaults=run.defaults)

    def same(before: Outputs, after: Outputs) -> bool:
        found = compare_outputs(before, after, tolerance, here)
        return not any(not difference.tolerated for difference in found)

    counts = [cell.execution_count for cell in recorded.cells if cell.execution_count]
    several = len(set(counts)) < len(counts)  # sessions, in which counts say no order
    agree, unmoved = set(), set()
    for outcome in outcomes:
        at = outcome.number - 1
        cell, first, then = recorded.cells[at], below.cells[at], run.cells[at]
        if outcome.verdict not in _APART or then.state != "done":
            continue
        if errors(cell.outputs) or not errors(then.outputs):
            if same(first.outputs, then.outputs):  # a little nearer to the record proves nothing
                unmoved |= set() if several else {outcome.number}
            elif same(cell.outputs, then.outputs):
                agree.add(outcome.number)
    return Reordered(frozenset(agree), frozenset(unmoved))
