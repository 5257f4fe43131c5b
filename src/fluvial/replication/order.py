"""Which cells were recorded in another order than from top to bottom."""

import math

from fluvial.replication.names import names_in
from fluvial.replication.read import RecordedNotebook

__all__ = ["disordered"]


def disordered(recorded: RecordedNotebook, *, surely: bool = False) -> set[int]:
    """Return the cells that use a name as another cell had left it when they were recorded.

    So do those that use what such a cell makes. A cell that was run again later counts as another
    one, unless only what is sure is asked for: it may have been the same before.
    """
    names = [names_in(cell.source) for cell in recorded.cells]
    counts = [cell.execution_count for cell in recorded.cells]
    found: set[int] = set()
    for at, own in enumerate(names):
        if counts[at] is None:
            continue
        for name in own.used - own.made:
            makers = [other for other, cell in enumerate(names) if name in cell.made]
            above = max((other for other in makers if other < at), default=None)
            ran = [other for other in makers if (counts[other] or math.inf) < counts[at]]
            before = max(ran, key=lambda other: counts[other], default=None)
            other = before != above and not (surely and before is None)
            if other or (above is not None and above + 1 in found):
                found.add(at + 1)
    return found
