"""Which cells were recorded in another order than from top to bottom."""

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from fluvial.replication.names import Names, names_in, steps
from fluvial.replication.read import RecordedNotebook

if TYPE_CHECKING:
    from nbformat import NotebookNode

__all__ = ["disordered", "run_again"]


def _names(cell: "NotebookNode") -> Names:
    """Read the names in a cell; those count as made of which it does nothing but call a method.

    What the last line of a cell gives is shown, and methods that change an object give nothing.
    """
    own = names_in(cell.source)
    shows = any(output["output_type"] == "execute_result" for output in cell.outputs)
    statements = steps(cell.source)
    changed = (step.names.touched for step in (statements[:-1] if shows else statements))
    return replace(own, made=own.made.union(*changed))


def disordered(recorded: RecordedNotebook, *, surely: bool = False) -> set[int]:
    """Return the cells that use a name as another cell had left it when they were recorded.

    So do those that use what such a cell makes. A cell that was run again later counts as another
    one, unless only what is sure is asked for: it may have been the same before.
    """
    names = [_names(cell) for cell in recorded.cells]
    # Which of several cells had imported a module makes no difference.
    modules = frozenset().union(*(own.imported for own in names))
    modules -= frozenset().union(*(own.bound - own.imported for own in names))
    counts = [cell.execution_count for cell in recorded.cells]
    found: set[int] = set()
    for at, own in enumerate(names):
        if counts[at] is None:
            continue
        for name in own.needed - modules:
            makers = [other for other, cell in enumerate(names) if name in cell.made]
            above = max((other for other in makers if other < at), default=None)
            ran = [other for other in makers if (counts[other] or math.inf) < counts[at]]
            before = max(ran, key=lambda other: counts[other], default=None)
            other = before != above and not (surely and before is None)
            if other or (above is not None and above + 1 in found):
                found.add(at + 1)
    return found


def run_again(recorded: RecordedNotebook) -> set[int]:
    """Return the cells just before or at which others were run again, as gaps between counts tell.

    What draws from one stream of random numbers then drew later ones.
    """
    found: set[int] = set()
    last = None
    for number, cell in enumerate(recorded.cells, 1):
        count = cell.execution_count
        if last is not None and count is not None and count != last + 1:
            found.add(number)
        last = count or last
    return found
