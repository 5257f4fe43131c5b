"""Structured values: JSON, and text that is the repr of dicts, lists, tuples and sets."""

import ast
from collections.abc import Iterator
from typing import Any

from fluvial.replication.compare.difference import Difference, Kind, shortened
from fluvial.replication.compare.judging import number_difference
from fluvial.replication.compare.tolerance import Tolerance
from fluvial.storage import strict_json

__all__ = ["compare_values", "parsed"]

_LONGEST = 200_000
_NUMBER = int | float


def parsed(text: str) -> Any | None:
    """Return the collection that a text writes, as JSON or as Python; None if it is none.

    Example:
        >>> parsed('{"a": [1, 2.5]}'), parsed("{'b', 'a'}") == {"a", "b"}, parsed("loss: 3")
        ({'a': [1, 2.5]}, True, None)
    """
    text = text.strip()
    if not text or text[0] not in "{[(" or len(text) > _LONGEST:
        return None
    for read in (_from_json, ast.literal_eval):
        try:
            value = read(text)
        except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
            continue
        if isinstance(value, dict | list | tuple | set):
            return value
    return None


def _from_json(text: str) -> Any:
    # Nested no deeper than the comparison, which recurses, can follow.
    return strict_json.read(text.encode())


def compare_values(
    recorded: Any, local: Any, tolerance: Tolerance, place: str, line: int | None = None
) -> Iterator[Difference]:
    """Compare two values recursively; the order of a dict's keys and of a set does not count.

    Args:
        recorded: the recorded one: dicts, lists, tuples, sets, strings, numbers, None.
        local: the local one.
        tolerance: how far numbers may lie apart.
        place: of the value in the cell, in words; the path below it is added.
        line: the recorded line, where the values are from text.
    """
    if isinstance(recorded, dict) and isinstance(local, dict):
        yield from _compare_dicts(recorded, local, tolerance, place, line)
    elif isinstance(recorded, list | tuple) and isinstance(local, list | tuple):
        yield from _compare_lists(recorded, local, tolerance, place, line)
    elif (
        isinstance(recorded, _NUMBER)
        and isinstance(local, _NUMBER)
        and not _has_bool(recorded, local)
    ):
        if recorded != local:
            texts = str(recorded), str(local)
            yield from number_difference(
                float(recorded), float(local), *texts, tolerance, place, line
            )
    elif recorded != local:
        kind = Kind.TEXT if type(recorded) is type(local) else Kind.TYPE
        texts = shortened(repr(recorded), repr(local)), shortened(repr(local), repr(recorded))
        yield Difference(kind, place, line, *texts, None, False, f"another {kind}")


def _compare_dicts(
    recorded: dict, local: dict, tolerance: Tolerance, place: str, line: int | None
) -> Iterator[Difference]:
    for key, value in recorded.items():
        below = f"{place}, {key}"
        if key in local:
            yield from compare_values(value, local[key], tolerance, below, line)
        else:
            text = shortened(repr(value))
            yield Difference(Kind.MISSING, below, line, text, "", None, False, "not made locally")
    for key in local.keys() - recorded.keys():
        text = shortened(repr(local[key]))
        yield Difference(Kind.EXTRA, f"{place}, {key}", line, "", text, None, False, "not recorded")


def _compare_lists(
    recorded: list | tuple, local: list | tuple, tolerance: Tolerance, place: str, line: int | None
) -> Iterator[Difference]:
    if len(recorded) != len(local):
        texts = f"{len(recorded)} items", f"{len(local)} items"
        yield Difference(Kind.TEXT, place, line, *texts, None, False, "another length")
        return
    for index, (a, b) in enumerate(zip(recorded, local, strict=True)):
        yield from compare_values(a, b, tolerance, f"{place}, [{index}]", line)


def _has_bool(*values: Any) -> bool:
    return any(isinstance(value, bool) for value in values)
