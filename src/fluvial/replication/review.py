"""What a reviewer would write of a replication, in three lines."""

import sys
from collections import Counter
from collections.abc import Sequence

from fluvial.replication.compare.cause import Cause
from fluvial.replication.prose import quotes
from fluvial.replication.randomness import draws, seeds
from fluvial.replication.read import RecordedNotebook
from fluvial.replication.result import CellOutcome, CellVerdict, Replication

__all__ = ["summary"]

_LONGEST = 60
_MOST_NAMED = 4


def summary(recorded: RecordedNotebook, replication: Replication) -> tuple[str, str, str]:
    """Say how much agrees, what differs and why, and what would settle it.

    Args:
        recorded: the notebook.
        replication: of it.
    """
    return (
        _agreement(replication.cells) + _age(recorded, replication.cells),
        _disagreement(replication.cells) + _misquoted(recorded, replication),
        _advice(recorded, replication),
    )


def _agreement(cells: Sequence[CellOutcome]) -> str:
    counts = Counter(cell.verdict for cell in cells)
    compared = len(cells) - counts[CellVerdict.NOT_RECORDED]
    if not compared:
        return "No cell has a record to compare with."
    same, near = counts[CellVerdict.IDENTICAL], counts[CellVerdict.WITHIN_TOLERANCE]
    line = f"Of {_counted(compared, 'cell')} with a record, {same} {_say(same)} the same"
    if near:
        causes = Counter(
            difference.cause.value
            for cell in cells
            if cell.verdict is CellVerdict.WITHIN_TOLERANCE
            for difference in cell.differences
            if difference.cause is not None
        )
        named = ", ".join(cause for cause, _ in causes.most_common(3))
        line += f", and {near} {_say(near)} so but for what is tolerated"
        line += f" ({named})" if named else ""
    return f"{line}."


def _disagreement(cells: Sequence[CellOutcome]) -> str:
    apart = [cell for cell in cells if cell.verdict in (CellVerdict.DIFFERS, CellVerdict.ERROR)]
    if not apart:
        return "Nothing differs that matters."
    first = [cell for cell in apart if cell.cause is not Cause.EARLIER_ERROR]
    after = Counter(cell.after for cell in apart if cell.cause is Cause.EARLIER_ERROR)
    named = [_named(cell, after[cell.number]) for cell in first[:_MOST_NAMED]]
    more = len(first) - len(named)
    if more:
        named.append(f"and {_counted(more, 'more cell')}")
    orphans = sum(after.values()) - sum(after[cell.number] for cell in first)
    if orphans:
        named.append(f"{_counted(orphans, 'cell')} as a consequence of earlier errors")
    verb = "differs" if len(apart) == 1 else "differ"
    return f"{_counted(len(apart), 'cell')} {verb}: {'; '.join(named)}."


def _misquoted(recorded: RecordedNotebook, replication: Replication) -> str:
    """Say which numbers in the notebook's text no longer are what its outputs say."""
    lost = [quote for quote in quotes(recorded, replication.runs[0]) if not quote.holds]
    if not lost:
        return ""
    said = [
        f"{quote.text} (cell {quote.cell} now says "
        f"{'nothing of it' if quote.local is None else f'{quote.local:.6g}'})"
        for quote in lost[:_MOST_NAMED]
    ]
    more = f"; and {len(lost) - len(said)} more" if len(lost) > len(said) else ""
    return f" Its text quotes {'; '.join(said)}{more}."


def _named(cell: CellOutcome, consequences: int) -> str:
    apart = [found for found in cell.differences if not found.tolerated]
    both = (found for found in apart if found.recorded and found.local)
    what = next(both, apart[0] if apart else None)
    text = f"cell {cell.number}"
    if what is not None and what.recorded and what.local:
        text += f" says {_short(what.local)} for {_short(what.recorded)}"
    elif what is not None and cell.verdict is CellVerdict.DIFFERS:
        text += (
            f" no longer says {_short(what.recorded)}"
            if what.recorded
            else f" now says {_short(what.local)} as well"
        )
    elif cell.verdict is CellVerdict.ERROR:
        errors = [found.local for found in cell.differences if found.kind == "error"]
        text += f" fails ({_short(errors[0])})" if errors else " does not run to its end"
    if cell.cause is not None:
        text += f", cause: {cell.cause.value}"
    if consequences:
        text += (
            f", which {_counted(consequences, 'later cell')} depend{'s' * (consequences == 1)} on"
        )
    return text


def _advice(recorded: RecordedNotebook, replication: Replication) -> str:
    causes = {cell.cause for cell in replication.cells} - {None}
    if not causes:
        return "There is nothing to settle."
    steps = []
    if replication.restored is not None and Cause.LIBRARY_VERSION in causes:
        steps.append("nothing is left to do where the packages of its time say what was recorded")
    if replication.missing_packages:
        steps.append(f"install {' '.join(replication.missing_packages)}")
    if replication.restored is None and causes & {Cause.LIBRARY_VERSION, Cause.ENVIRONMENT}:
        steps.append("run it with the packages of its time (--restore)")
    if len(replication.runs) == 1 and _unseeded(recorded):
        steps.append("see what varies by itself (--repeat 3), since nothing is seeded")
    if Cause.DATA in causes:
        steps.append("put the data that it reads beside it, as they were then")
    if Cause.ORDER in causes:
        steps.append("ask its author to run it from top to bottom and save it")
    return f"To settle it: {'; '.join(steps or ['compare the cells with what the text claims'])}."


def _unseeded(recorded: RecordedNotebook) -> bool:
    source = "\n".join(cell.source for cell in recorded.cells)
    return draws(source) and not seeds(source)


def _age(recorded: RecordedNotebook, cells: Sequence[CellOutcome]) -> str:
    """Say how old the versions are that a notebook was recorded with, where that shows."""
    version = str(recorded.notebook.metadata.get("language_info", {}).get("version", ""))
    made = ".".join(version.split(".")[:2])
    of = []
    if made and made != ".".join(map(str, sys.version_info[:2])):
        of.append(f"Python {made}")
    texts = [(d.recorded, d.local) for c in cells for d in c.differences]
    if any("np." in local and "np." not in before for before, local in texts):
        of.append("NumPy 1")
    return f" The record is from {' and '.join(of)}." if of else ""


def _short(text: str) -> str:
    flat = " ".join(text.split())
    return f'"{flat}"' if len(flat) <= _LONGEST else f'"{flat[:_LONGEST]}…"'


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _say(count: int) -> str:
    return "says" if count == 1 else "say"
