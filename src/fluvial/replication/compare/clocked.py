"""What is known of a value of which clocks are read: a constant, a reading, what holds them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

__all__ = [
    "FIELD",
    "PERCENT",
    "Known",
    "Listed",
    "Several",
    "Text",
    "Value",
    "entry_of",
    "formatted",
    "joined",
    "parts_of",
]

FIELD = re.compile(r"\{\{|\}\}|\{[^{}]*\}")
"""What ``str.format`` replaces."""
PERCENT = re.compile(r"%%|%(?:\(\w+\))?[-+ #0]*\d*(?:\.\d+)?[a-zA-Z]")
"""What ``%`` replaces."""


class Value(Enum):
    """What a value is, as far as clocks are concerned."""

    NOTHING = "nothing that is known yet"
    PLAIN = "a constant, or an empty collection"
    READING = "read off a clock, or made of what was and of numbers alone"
    OTHER = "anything else"


@dataclass(frozen=True)
class Text:
    """A text: what is constant in it, and what is put between."""

    parts: "tuple[str | Known, ...]"


@dataclass(frozen=True)
class Several:
    """A tuple, entry by entry."""

    entries: "tuple[Known, ...]"


@dataclass(frozen=True)
class Listed:
    """A list of which all entries are alike."""

    entry: "Known"


Known = Value | Text | Several | Listed


def joined(a: Known, b: Known) -> Known:
    """Return what is known of a name that is both at times."""
    if a == b or b in (Value.NOTHING, Value.PLAIN):
        return b if a is Value.NOTHING else a
    if a in (Value.NOTHING, Value.PLAIN):
        return b
    match a, b:
        case Several(entries), Several(others) if len(entries) == len(others):
            return Several(tuple(map(joined, entries, others)))
        case Listed(entry), Listed(other):
            return Listed(joined(entry, other))
    return Value.OTHER


def entry_of(value: Known, at: int | None = None) -> Known:
    """Return what an entry of a collection is; of one that is a reading, all are."""
    match value:
        case Several(entries) if at is not None:
            return entries[at] if -len(entries) <= at < len(entries) else Value.OTHER
        case Several(entries):
            entry: Known = Value.NOTHING
            for own in entries:
                entry = joined(entry, own)
            return entry
        case Listed(entry):
            return entry
        case Value.READING | Value.NOTHING:
            return value
    return Value.OTHER


def parts_of(value: Known) -> tuple[str | Known, ...]:
    """Return what a value is as a part of a text, piece by piece."""
    match value:
        case Text(parts):
            return parts
        case Several(entries):
            inside: list[str | Known] = []
            for own in entries:
                inside += [", ", own]
            return ("(", *inside[1:], ")")
        case Listed():
            return (Value.OTHER,)
    return (value,)


def formatted(
    text: Text,
    values: Sequence[Known],
    field: re.Pattern[str],
    named: Mapping[str | None, Known] | None = None,
) -> Known:
    """Put values in the fields of a text, in their order, by number or by name."""
    if len(text.parts) != 1 or not isinstance(whole := text.parts[0], str):
        return Value.OTHER
    parts: list[str | Known] = []
    end, count = 0, 0
    for match in field.finditer(whole):
        parts.append(whole[end : match.start()])
        end = match.end()
        if match.group() in ("%%", "{{", "}}"):
            parts.append(match.group()[0])
            continue
        name = match.group()[1:-1].partition(":")[0] if field is FIELD else ""
        if named and name in named:
            parts.append(named[name])
            continue
        at = int(name) if name.isdecimal() else count
        count += 1
        parts.append(values[at] if at < len(values) else Value.OTHER)
    return Text((*parts, whole[end:]))
