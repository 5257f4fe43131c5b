"""A target from a word on the command line."""

import difflib
import importlib.util
import traceback
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

from fluvial.errors import InputError, described
from fluvial.extras import advice
from fluvial.targets.examples.registry import EXAMPLES, example
from fluvial.targets.stan.program import from_stan
from fluvial.targets.target import Target

__all__ = ["load_object", "load_target"]

_T = TypeVar("_T")


def load_target(spec: str, data: str | Path | None = None) -> Target:
    """Return the target that a word such as "model.stan" or "model.py:target" stands for.

    Args:
        spec: a path that ends in .stan; or "file.py:name", where the Python file defines under
            that name a `Target`, or a function of no arguments that returns one; or the name of
            an example.
        data: a path to the JSON data of a Stan program.

    Raises:
        InputError: if there is no such file, name or example, or what is there leads to no target.

    Example:
        >>> load_target("funnel").dim
        10
    """
    if spec.endswith(".stan"):
        return from_stan(Path(spec), None if data is None else Path(data))
    if data is not None:
        raise InputError(f"{spec} takes no data: only a Stan program does.")
    path, colon, name = spec.rpartition(":")
    if colon and path.endswith(".py"):
        return _from_module(Path(path), name, Target, "fluvial.Target")
    if spec.endswith(".py"):
        raise InputError(f"{spec} is a file: say which name in it is the target, as {spec}:target.")
    if spec in EXAMPLES or not Path(spec).suffix:
        return example(spec).target
    raise InputError(
        f"{spec} is no model: give a file.stan, a file.py:name, or one of the examples "
        f"{', '.join(EXAMPLES)}."
    )


def load_object(spec: str, kind: type[_T], called: str) -> _T:
    """Return the object that a word such as "model.py:name" stands for.

    Args:
        spec: "file.py:name", where the Python file defines under that name an object of the kind,
            or a function of no arguments that returns one.
        kind: its class.
        called: what the class is called in sentences.

    Raises:
        InputError: if there is no such file or name, or what is there is of another kind.
    """
    path, colon, name = spec.rpartition(":")
    if not colon or not path.endswith(".py"):
        raise InputError(f"{spec} names no {called}: give file.py:name.")
    return _from_module(Path(path), name, kind, called)


def _from_module(path: Path, name: str, kind: type[_T], called: str) -> _T:
    module = _module(path)
    candidates = [k for k, value in vars(module).items() if _is_candidate(k, value, kind)]
    if name not in vars(module):
        near = difflib.get_close_matches(name, candidates, n=1, cutoff=0.0)
        hint = f": did you mean {near[0]!r}?" if near else "."
        raise InputError(f"{path} defines no name {name!r}{hint}")
    value, what = vars(module)[name], f"{name} in {path}"
    if callable(value) and not isinstance(value, kind):
        what = f"{name}() in {path}"
        value = _guarded(value, path, what)
    if not isinstance(value, kind):
        raise InputError(
            f"{what} is of type {type(value).__name__}: make it a {called}, or a function "
            "of no arguments that returns one."
        )
    return value


def _is_candidate(name: str, value: Any, kind: type) -> bool:
    return not name.startswith("_") and (isinstance(value, kind) or callable(value))


def _module(path: Path) -> ModuleType:
    """Run a Python file and return it as a module."""
    if not path.is_file():
        raise InputError(f"there is no file {path}: check the path.")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise InputError(f"{path} cannot be read as a Python file.")
    module = importlib.util.module_from_spec(spec)
    loader = spec.loader
    _guarded(lambda: loader.exec_module(module), path, str(path))
    return module


def _guarded(function: Callable[[], Any], path: Path, what: str) -> Any:
    """Call a user's code, and turn what it raises into a sentence that names the line."""
    try:
        return function()
    except SyntaxError as error:
        raise InputError(
            f"{what} failed at line {error.lineno}: {type(error).__name__}: {error.msg}"
        ) from error
    except Exception as error:
        raise InputError(
            f"{what} failed{_line(error, path)}: {described(error)}{_hint(error)}"
        ) from error


def _hint(error: Exception) -> str:
    """Return how to get what could not be imported, if an extra brings it."""
    if not isinstance(error, ModuleNotFoundError) or error.name is None:
        return ""
    how = advice(error.name.partition(".")[0])
    return f": {how}." if how else ""


def _line(error: Exception, path: Path) -> str:
    """Return " at line n" for the last line of the file that took part in the error."""
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if Path(frame.filename) == path.resolve()]
    return f" at line {lines[-1]}" if lines else ""
