"""Whether what JSON said has the structure that fluvial writes, by JSON Schema.

Three types are stricter than the standard's: a "number" is finite and fits a float, an "integer"
is written without a point and fits 64 bits, and a "measure" is a number, infinite, or NaN.
"""

import functools
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

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
        schema: of JSON Schema, draft 2020-12.
        path: where it was read, for the complaint.

    Raises:
        InputError: naming the first place where it is not.

    Example:
        >>> check({"seed": None}, record(seed={"type": "integer"}), "run.json")
        Traceback (most recent call last):
        ...
        fluvial.errors.InputError: run.json is not what fluvial writes, at seed: None is not of type
        'integer'; restore the file, or make the results again.
    """
    error = next(_validator_class()(schema).iter_errors(content), None)
    if error is None:
        return
    place = error.json_path.removeprefix("$").removeprefix(".")
    reason = " ".join(error.message.split())
    if len(reason) > _LONGEST_REASON:
        reason = f"{reason[:_LONGEST_REASON]}…"
    raise InputError(
        f"{path} is not what fluvial writes, at {place[:_LONGEST_REASON] or 'its top'}: {reason}; "
        "restore the file, or make the results again."
    )


@functools.cache
def _validator_class() -> Any:
    # Only who reads results needs it, and it takes 50 ms to import.
    from jsonschema import Draft202012Validator
    from jsonschema.validators import extend

    types = Draft202012Validator.TYPE_CHECKER.redefine_many(
        {
            "number": lambda _, value: _is_real(value) and _is_finite(value),
            "integer": lambda _, value: (
                isinstance(value, int)
                and not isinstance(value, bool)
                and abs(value) < _BEYOND_INTEGERS
            ),
            "measure": lambda _, value: (
                _is_real(value) and (_is_finite(value) or isinstance(value, float))
            ),
        }
    )
    return extend(Draft202012Validator, type_checker=types)


def _is_real(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_finite(value: int | float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:  # an integer beyond all floats
        return False
