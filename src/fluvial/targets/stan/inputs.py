"""What the user gives for a Stan target, read and checked: the program, and its data."""

import difflib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fluvial.errors import InputError
from fluvial.targets.stan.compiler import stan_to_mir

__all__ = ["compiled", "construction_error", "program_code", "program_data"]


def program_code(program: str | Path) -> tuple[str, Path | None]:
    """Return the source of a Stan program and, if it came from a file, the file's path.

    Raises:
        InputError: if the file cannot be read, or `program` is neither a path nor Stan source.
    """
    if isinstance(program, Path) or re.fullmatch(r"[^\n{]*\.stan", program):
        return _read(Path(program), "Stan program"), Path(program)
    if "{" not in program:
        raise InputError(
            f"{program!r} is neither a path that ends in .stan nor the source of a Stan program."
        )
    return program, None


def compiled(code: str, path: Path | None) -> str:
    """Return the compiled program; files that it includes are looked for beside it.

    Raises:
        InputError: if it has an error; Stan's own message follows the sentence.
    """
    try:
        return stan_to_mir(code, None if path is None else [path.parent])
    except RuntimeError as error:
        message = str(error).strip()
        place = re.search(r"line \d+, column \d+", message)
        where = f" at {place[0]}" if place else ""
        raise InputError(
            f"{path or 'the program'} is not a Stan program{where}; Stan says:\n{message}"
        ) from error


def program_data(data: str | Path | Mapping[str, Any] | None) -> str:
    """Return a program's data as JSON text.

    Raises:
        InputError: if a file cannot be read or is not JSON, or the data are not names with values.
    """
    if data is None:
        return "{}"
    if isinstance(data, Mapping):
        fields = (f"{json.dumps(str(name))}: {_encoded(name, data[name])}" for name in data)
        return "{" + ", ".join(fields) + "}"
    path = Path(data)
    text = _read(path, "data file")
    try:
        content = json.loads(text)
    except json.JSONDecodeError as error:
        raise InputError(
            f"{path} is not JSON: {error.msg} at line {error.lineno}, column {error.colno}."
        ) from error
    if not isinstance(content, dict):
        raise InputError(
            f"{path} holds a JSON {type(content).__name__}: give an object, from names to values."
        )
    return text


def construction_error(error: RuntimeError, data: str) -> InputError:
    """Return the sentence for an error that stanli raised when it joined program and data."""
    message = str(error).strip()
    missing = re.search(r"unknown (?:data variable|int) (\w+)", message)
    given = list(json.loads(data))
    if missing and missing[1] not in given:
        return InputError(_missing_sentence(missing[1], given))
    if message.startswith("stanli compile"):
        return InputError(f"stanli cannot run this program: {message}")
    return InputError(f"the data do not fit the program: {message}")


def _missing_sentence(name: str, given: list[str]) -> str:
    sentence = f"the data lack {name!r}, which the program declares; they have "
    sentence += ", ".join(map(repr, given)) or "nothing"
    lower = {other.lower(): other for other in given}
    near = difflib.get_close_matches(name.lower(), lower, n=1)
    return sentence + (f": is {lower[near[0]]!r} misspelled?" if near else ".")


def _read(path: Path, what: str) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise InputError(f"there is no {what} {path}: check the path.") from error
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"the {what} {path} cannot be read: {error}.") from error


def _encoded(name: str, value: Any) -> str:
    """Return a value as JSON text; whatever has `tolist` is an array."""
    try:
        return json.dumps(value, default=lambda array: array.tolist())
    except (AttributeError, TypeError, ValueError) as error:
        raise InputError(
            f"the data's field {name!r} is a {type(value).__name__}: "
            "give a number, a list of numbers, or an array."
        ) from error
