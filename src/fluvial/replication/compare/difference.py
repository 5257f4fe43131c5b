"""What was found to differ between a recorded output and a local one, and by how much."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from fluvial.replication.compare.cause import Cause

__all__ = ["Difference", "Kind", "shortened"]

_LONGEST = 160


class Kind(StrEnum):
    """What sort of thing differs."""

    NUMBER = "number"
    DURATION = "duration"
    TEXT = "text"
    IMAGE = "image"
    ERROR = "error"
    MISSING = "missing"
    """Recorded, and not made locally."""
    EXTRA = "extra"
    """Made locally, and not recorded."""
    TYPE = "type"
    """Another sort of output, or of value."""


@dataclass(frozen=True)
class Difference:
    """One place at which a local output is not what was recorded.

    Attributes:
        kind: what sort of thing differs.
        place: where in the cell, in words: "stdout line 3", "output 2, row 4, column loss".
        line: the recorded line of text or row of a table, from 1; None where there is none.
        recorded: what the notebook has; "" if nothing.
        local: what the local run made; "" if nothing.
        relative: |local - recorded| / |recorded| of two finite numbers, the same of durations, and
            one minus the structural similarity of pictures; None where no number says it.
        tolerated: whether the difference is small enough.
        reason: why it is or is not, in a few words.
        cause: what made it; None where that takes more than the two outputs to tell.
    """

    kind: Kind
    place: str
    line: int | None
    recorded: str
    local: str
    relative: float | None
    tolerated: bool
    reason: str
    cause: Cause | None = None

    def accepted(self, reason: str, cause: Cause | None = None) -> "Difference":
        """Return the same difference, tolerated for another reason."""
        return replace(self, tolerated=True, reason=reason, cause=cause or self.cause)

    def content(self) -> dict[str, Any]:
        """Return all of it as JSON can hold it."""
        return {
            "kind": self.kind.value,
            "place": self.place,
            "line": self.line,
            "recorded": self.recorded,
            "local": self.local,
            "relative": self.relative,
            "tolerated": self.tolerated,
            "reason": self.reason,
            "cause": None if self.cause is None else self.cause.value,
        }


def shortened(text: str, other: Sequence[str] = "") -> str:
    """Cut a long text to what surrounds its first difference from another.

    Example:
        >>> shortened("short")
        'short'
        >>> len(shortened("a" * 500 + "b", "a" * 500 + "c"))
        162
    """
    if len(text) <= _LONGEST:
        return text
    same = next((i for i, (a, b) in enumerate(zip(text, other, strict=False)) if a != b), 0)
    start = max(0, min(same - _LONGEST // 2, len(text) - _LONGEST))
    cut = text[start : start + _LONGEST]
    return ("… " if start else "") + cut + (" …" if start + _LONGEST < len(text) else "")
