"""What the user gives for a Stan target, read and checked: the program, and its data."""

import codecs
import json
import re
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from fluvial.errors import InputError, nearest
from fluvial.storage import strict_json
from fluvial.targets.stan.compiler import stan_to_mir
from fluvial.targets.stan.dump import is_dump, read_dump
from fluvial.targets.stan.table import DELIMITERS, is_table, read_table
from fluvial.targets.stan.values import element_name

_AS_JSON = 'give the data as JSON, such as {"N": 3, "y": [1.5, 2, 3]}'
_OTHER_FORMATS = {
    ".xlsx": "an Excel file",
    ".parquet": "a Parquet file",
    ".rds": "a file of R objects",
    ".rda": "a file of R objects",
    ".rdata": "a file of R objects",
    ".pkl": "a pickle",
    ".npy": "a NumPy file",
    ".npz": "a NumPy file",
}
# Words that CmdStan's JSON reader takes for numbers and Python's does not; strings are passed over.
_BARE_WORD = re.compile(r'"(?:[^"\\]|\\.)*"|(?<![\w.])([+-]?(?:nan|inf|infinity))\b', re.IGNORECASE)

__all__ = ["compiled", "construction_error", "given_data", "missing_sentence", "program_code"]


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
    """Return the compiled program; files that it includes are looked for next to it.

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


def given_data(data: str | Path | Mapping[str, Any] | None) -> dict[str, Any]:
    """Return a program's data by name, as the user gave them.

    Raises:
        InputError: if a file cannot be read, is in a format that is not known, or gives a name
            twice, or the data are not names with values.
    """
    if data is None:
        return {}
    if isinstance(data, Mapping):
        return {str(name): value for name, value in data.items()}
    path = Path(data)
    if path.suffix.lower() in _OTHER_FORMATS:
        raise InputError(f"{path} is {_OTHER_FORMATS[path.suffix.lower()]}: {_AS_JSON}.")
    text = _read(path, "data file")
    if is_table(path):
        return read_table(text, path, DELIMITERS[path.suffix.lower()])
    content = read_dump(text, path) if is_dump(text) else _from_json(text, path)
    if not isinstance(content, dict):
        raise InputError(
            f"{path} holds a JSON {type(content).__name__}: give an object, from names to values."
        )
    return content


def _from_json(text: str, path: Path) -> Any:
    try:
        return _read_words(text)
    except json.JSONDecodeError as error:
        raise InputError(
            f"{path} is not JSON: {error.msg} at line {error.lineno}, column {error.colno}."
        ) from error
    except ValueError as error:
        raise InputError(f"{path} cannot be read as data: {error}.") from error


def _read_words(text: str) -> Any:
    """Read JSON, with or without quotes around the words for numbers that are not finite."""
    try:
        return strict_json.read(text.encode())
    except json.JSONDecodeError:
        with suppress(json.JSONDecodeError):
            return strict_json.read(_BARE_WORD.sub(_quoted, text).encode())
        raise


def _quoted(match: re.Match[str]) -> str:
    return f'"{match[1]}"' if match[1] else match[0]


def construction_error(error: RuntimeError, data: Mapping[str, Any]) -> InputError:
    """Return the sentence for an error that stanli raised when it combined program and data.

    Args:
        error: what stanli raised.
        data: the declared fields, as nested lists.
    """
    message = str(error).strip()
    missing = re.search(r"unknown (?:data variable|int) (\w+)", message)
    if missing and missing[1] not in data:
        return InputError(missing_sentence(missing[1], list(data)))
    if message.startswith("stanli compile"):
        return InputError(f"stanli cannot run this program: {message}")
    message = message.removeprefix("stanli MIR check: ")
    bound = re.match(r"(\w+) is (\S+), but must be (greater|less) than or equal to (\S+)", message)
    if bound and bound[1] in data:
        array = np.array(data[bound[1]], np.float64)
        limit = float(bound[4])
        inside = array >= limit if bound[3] == "greater" else array <= limit
        message = message.replace(bound[1], element_name(bound[1], np.argwhere(~inside)[0]), 1)
    return InputError(f"the data do not fit the program: {message}")


def missing_sentence(name: str, given: list[str]) -> str:
    """Return what to say about a declared variable that was not given."""
    if not given:
        return (
            f"the program declares data, {name!r} first, and none are given: give a file, on the "
            "command line as --data FILE."
        )
    sentence = f"the data lack {name!r}, which the program declares; they have "
    sentence += ", ".join(map(repr, given))
    near = nearest(name, given)
    return sentence + (f": is {near!r} misspelled?" if near else ".")


def _read(path: Path, what: str) -> str:
    try:
        content = path.read_bytes()
        utf16 = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
        text = content.decode("utf-16" if utf16 else "utf-8-sig")  # Windows likes both
        return text.replace("\r\n", "\n").replace("\r", "\n")
    except FileNotFoundError as error:
        raise InputError(f"there is no {what} {path}: check the path.") from error
    except OSError as error:
        raise InputError(f"the {what} {path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise InputError(f"the {what} {path} cannot be read: {error}.") from error
