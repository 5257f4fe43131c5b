"""Whether what JSON said has the structure that fluvial writes, in the words of JSON Schema.

Of the standard (draft 2020-12) there is what fluvial's own files take; tests compare it with the
reference implementation, which brings five packages. Three types are stricter than the standard's:
a "number" is finite and fits a float, an "integer" is written without a point and fits 64 bits, and
a "measure" is a number, infinite, or NaN.
"""

import json
import math
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from fluvial.errors import InputError

__all__ = ["FILE_NAME", "TEXT", "TEXTS", "check", "record"]

TEXT = {"type": "string"}
TEXTS = {"type": "array", "items": TEXT}
# Of a file in a folder of results, or of what one is named after; long enough for any of ours.
FILE_NAME = {"type": "string", "pattern": r"^[A-Za-z0-9_][A-Za-z0-9_.,+=-]{0,199}\Z"}
_LONGEST_REASON = 120
_BEYOND_INTEGERS = 2**63


def record(optional: Mapping[str, Any] | None = None, **required: Any) -> dict[str, Any]:
    """Return the schema of an object with these fields, and possibly others.

    Args:
        optional: name -> schema of fields that may be missing.
        required: the same of those that may not.

    Example:
        >>> record(seed={"type": "integer"})["required"]
        ['seed']
    """
    return {
        "type": "object",
        "properties": {**required, **(optional or {})},
        "required": list(required),
    }


def check(content: Any, schema: Mapping[str, Any], path: Path | str) -> None:
    """Check that content is what a schema says.

    Args:
        content: as ``strict_json`` reads it.
        schema: of JSON Schema.
        path: where it was read, for the complaint.

    Raises:
        InputError: naming the first place where it is not.

    Example:
        >>> check({"seed": None}, record(seed={"type": "integer"}), "run.json")
        Traceback (most recent call last):
        ...
        fluvial.errors.InputError: run.json is not what fluvial writes, at seed: null is not of type
        "integer"; restore the file, or make the results again.
    """
    fault = _fault(content, schema)
    if fault is None:
        return
    place = fault.place.removeprefix(".")[:_LONGEST_REASON] or "its top"
    raise InputError(
        f"{path} is not what fluvial writes, at {place}: {fault.reason}; "
        "restore the file, or make the results again."
    )


class _Fault(NamedTuple):
    place: str
    reason: str


def _fault(value: Any, schema: Mapping[str, Any], place: str = "") -> _Fault | None:
    """Return the first thing about a value that a schema does not allow."""
    for keyword, limit in schema.items():
        if keyword in _WITHIN:
            fault = _WITHIN[keyword](value, limit, place)
        elif keyword == "additionalProperties":
            fault = _additional(value, limit, schema.get("properties", {}), place)
        else:
            fault = _broken(keyword, value, limit, place)
        if fault is not None:
            return fault
    return None


def _broken(keyword: str, value: Any, limit: Any, place: str) -> _Fault | None:
    applies, holds, words = _RULES[keyword]
    if not applies(value) or holds(value, limit):
        return None
    return _Fault(place, f"{_shown(value)} {words.format(_shown(limit))}")


def _properties(value: Any, schemas: Mapping[str, Any], place: str) -> _Fault | None:
    if not isinstance(value, dict):
        return None
    given = ((name, schema) for name, schema in schemas.items() if name in value)
    faults = (_fault(value[name], schema, f"{place}.{name}") for name, schema in given)
    return next((fault for fault in faults if fault), None)


def _items(value: Any, schema: Mapping[str, Any], place: str) -> _Fault | None:
    if not isinstance(value, list):
        return None
    faults = (_fault(item, schema, f"{place}[{k}]") for k, item in enumerate(value))
    return next((fault for fault in faults if fault), None)


def _property_names(value: Any, schema: Mapping[str, Any], place: str) -> _Fault | None:
    faults = (_fault(name, schema, place) for name in value) if isinstance(value, dict) else ()
    return next((fault for fault in faults if fault), None)


def _required(value: Any, names: list[str], place: str) -> _Fault | None:
    missing = [n for n in names if n not in value] if isinstance(value, dict) else []
    return _Fault(place, f"{missing[0]} is missing") if missing else None


def _any_of(value: Any, schemas: list[Mapping[str, Any]], place: str) -> _Fault | None:
    if any(_fault(value, schema) is None for schema in schemas):
        return None
    return _Fault(place, f"{_shown(value)} is none of what may stand there")


def _additional(value: Any, limit: Any, known: Mapping[str, Any], place: str) -> _Fault | None:
    others = [name for name in value if name not in known] if isinstance(value, dict) else []
    if limit is False:
        return _Fault(place, f"{_shown(others[0])} is unknown") if others else None
    return _properties(value, dict.fromkeys(others, limit), place)


_WITHIN: dict[str, Callable[[Any, Any, str], _Fault | None]] = {
    "properties": _properties,
    "items": _items,
    "propertyNames": _property_names,
    "required": _required,
    "anyOf": _any_of,
}


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_finite(value: int | float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:  # an integer beyond all floats
        return False


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_list(value: Any) -> bool:
    return isinstance(value, list)


_TYPES: dict[str, Callable[[Any], bool]] = {
    "array": _is_list,
    "boolean": lambda value: isinstance(value, bool),
    "integer": lambda value: (
        _is_number(value) and isinstance(value, int) and abs(value) < _BEYOND_INTEGERS
    ),
    "measure": lambda value: _is_number(value) and (_is_finite(value) or isinstance(value, float)),
    "null": lambda value: value is None,
    "number": lambda value: _is_number(value) and _is_finite(value),
    "object": lambda value: isinstance(value, dict),
    "string": _is_text,
}


def _is_of_type(value: Any, types: str | list[str]) -> bool:
    return any(_TYPES[name](value) for name in ([types] if isinstance(types, str) else types))


def _is_any(value: Any) -> bool:
    return True


# Keyword -> which values it concerns, what it asks of them, and the words of the complaint.
_RULES: dict[str, tuple[Callable[[Any], bool], Callable[[Any, Any], bool], str]] = {
    "type": (_is_any, _is_of_type, "is not of type {}"),
    "const": (_is_any, lambda value, limit: value == limit, "is not {}"),
    "enum": (_is_any, lambda value, limit: value in limit, "is not one of {}"),
    "pattern": (_is_text, lambda value, limit: bool(re.search(limit, value)), "does not match {}"),
    "maxLength": (_is_text, lambda value, limit: len(value) <= limit, "is longer than {}"),
    "minItems": (_is_list, lambda value, limit: len(value) >= limit, "has fewer elements than {}"),
    "maxItems": (_is_list, lambda value, limit: len(value) <= limit, "has more elements than {}"),
    "uniqueItems": (_is_list, lambda value, limit: _differ(value), "repeats an element"),
    "minimum": (_is_number, lambda value, limit: value >= limit, "is less than {}"),
    "maximum": (_is_number, lambda value, limit: value <= limit, "is more than {}"),
    "exclusiveMinimum": (_is_number, lambda value, limit: value > limit, "is not more than {}"),
    "exclusiveMaximum": (_is_number, lambda value, limit: value < limit, "is not less than {}"),
}


def _differ(values: list[Any]) -> bool:
    return len(set(map(repr, values))) == len(values)


def _shown(value: Any) -> str:
    """Return a value as JSON has it, on one line, and not all of a long one."""
    text = " ".join(json.dumps(value, default=repr).split())
    return text if len(text) <= _LONGEST_REASON else f"{text[:_LONGEST_REASON]}…"
