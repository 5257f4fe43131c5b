"""The file beside a notebook that declares metrics, in YAML, TOML or JSON."""

import json
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fluvial.errors import InputError
from fluvial.replication.read import RecordedNotebook

__all__ = ["read_side_file", "side_file_beside"]

_SUFFIXES = (".yaml", ".yml", ".toml", ".json")
_EXPONENT = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)[eE][-+]?\d+")


def side_file_beside(recorded: RecordedNotebook) -> Path | None:
    """Return ``NAME.metrics.yaml``, or the like, beside ``NAME.ipynb``; None if there is none.

    Raises:
        InputError: if there are several, of which only one could count.
    """
    if recorded.folder is None:
        return None
    stem = recorded.name.removesuffix(".ipynb")
    paths = [recorded.folder / f"{stem}.metrics{suffix}" for suffix in _SUFFIXES]
    found = [path for path in paths if path.is_file()]
    if len(found) > 1:
        names = " and ".join(path.name for path in found)
        raise InputError(
            f"{names} both declare metrics: keep one of them, or choose with --metrics."
        )
    return found[0] if found else None


def read_side_file(path: Path) -> Mapping[str, Any]:
    """Read the declarations in a file, name -> declaration, by the suffix of its name.

    Raises:
        InputError: if it cannot be read, or is not a table.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise InputError(f"the metrics {path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise InputError(f"the metrics {path} cannot be read: it is not UTF-8 text.") from error
    try:
        content = _parsed(text, path)
    except RecursionError as error:
        raise InputError(f"the metrics {path} cannot be read: they are nested too deep.") from error
    if not isinstance(content, Mapping):
        raise InputError(f"the metrics {path} must be a table of name -> declaration.")
    return {str(name): declaration for name, declaration in content.items()}


def _parsed(text: str, path: Path) -> Any:
    suffix = path.suffix.lower()
    if suffix not in _SUFFIXES:
        raise InputError(f"the metrics {path} must be a file that ends in {_either(_SUFFIXES)}.")
    if suffix in (".yaml", ".yml"):
        return _yaml(text, path)
    try:
        return tomllib.loads(text) if suffix == ".toml" else json.loads(text)
    except ValueError as error:  # tomllib's and json's errors are ValueErrors, and name the line
        raise InputError(f"the metrics {path} cannot be read: {error}.") from error


def _yaml(text: str, path: Path) -> Any:
    import yaml

    # YAML 1.1, which PyYAML reads, takes 1e-3 for a word.
    loader = type("_Loader", (yaml.SafeLoader,), {})
    loader.add_implicit_resolver("tag:yaml.org,2002:float", _EXPONENT, list("-+.0123456789"))
    try:
        return yaml.load(text, Loader=loader)
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        problem = f"line {line} holds a character that YAML does not allow"
        raise InputError(f"the metrics {path} cannot be read: {problem}.") from error
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise InputError(
            f"the metrics {path} cannot be read: line {line}, {error.problem}; patterns are best "
            "put in 'single quotes'."
        ) from error


def _either(words: tuple[str, ...]) -> str:
    return f"{', '.join(words[:-1])} or {words[-1]}"
