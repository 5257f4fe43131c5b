"""What local runs of a notebook do not say alike: it varies by itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fluvial.replication.compare.cause import Cause
from fluvial.replication.compare.difference import Difference, Kind

__all__ = ["Variation", "variations"]


@dataclass(frozen=True)
class Variation:
    """A place at which local runs differ from each other.

    Attributes:
        kind: what sort of thing varies.
        place: where in the cell, in words.
        line: of text or row of a table, from 1; None where there is none.
        values: what each run has there, in order; "" for nothing.
    """

    kind: Kind
    place: str
    line: int | None
    values: tuple[str, ...]

    def content(self) -> dict[str, Any]:
        """Return all of it as JSON can hold it."""
        return {
            "kind": self.kind.value,
            "place": self.place,
            "line": self.line,
            "values": list(self.values),
        }


def variations(between_runs: Sequence[Sequence[Difference]]) -> list[Variation]:
    """Collect the places at which local runs differ, in the order in which they are met.

    Durations never repeat, nor do addresses in memory, nor does the order in which a set is
    written: those that are tolerated are left out.

    Args:
        between_runs: of each further run (as "local") from the first one (as "recorded").
    """
    telling = [
        {found.place: found for found in run if not (found.tolerated and _never_repeats(found))}
        for run in between_runs
    ]
    first = {place: found for run in reversed(telling) for place, found in run.items()}
    places = dict.fromkeys(place for run in telling for place in run)
    return [_variation(first[place], [run.get(place) for run in telling]) for place in places]


def _never_repeats(found: Difference) -> bool:
    styled = found.cause is Cause.LIBRARY_PRINTING and found.kind is not Kind.IMAGE
    of_run = found.cause in (Cause.WALL_TIME, Cause.ENVIRONMENT)
    return found.kind is Kind.DURATION or of_run or styled


def _variation(found: Difference, others: Sequence[Difference | None]) -> Variation:
    further = (found.recorded if other is None else other.local for other in others)
    return Variation(found.kind, found.place, found.line, (found.recorded, *further))
