"""The model that a Python file defines: found by its name or, if there is only one, without."""

import importlib.util
import inspect
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any, TypeVar

import numpy as np

from fluvial.errors import InputError, described, nearest
from fluvial.extras import advice
from fluvial.targets.numpyro import from_numpyro
from fluvial.targets.pymc import from_pymc
from fluvial.targets.target import Target

__all__ = ["object_in_file", "target_in_file"]

_T = TypeVar("_T")

_NAMED = 10  # names of a file, in a sentence
_CUSTOMARY = "target"
# Until Python leaves, as what is imported does: a pool of processes that a file has left open
# writes a traceback where it is collected before.
_alive: list[ModuleType] = []
_BUILDERS = {"Target", "from_numpyro", "from_pymc", "from_stan"}


def target_in_file(
    path: Path, name: str | None = None, data: Mapping[str, Any] | None = None
) -> Target:
    """Run a Python file, and return the target that it defines.

    A model is a `Target`, a PyMC model, a function of no arguments that returns either, or a
    NumPyro model: a function that samples. What such a function takes is looked up in the data.

    Args:
        path: of the file.
        name: of the model in it. Without one, a model called "target" is taken, or the only one
            that there is; a function that another one uses is a part of it, not a model.
        data: what the arguments of a NumPyro model are.

    Raises:
        InputError: if there is no such file or name, the file fails, or it defines no model or
            several.
    """
    module = _module(path)
    name = _only_model(module, path) if name is None else name
    value = _named(module, name, path, Target)
    what = f"{name} in {path}"
    if callable(value) and not _is_pymc(value):
        what = f"{name}() in {path}"
        if isinstance(value, FunctionType) and _samples(value, _mentioned(value, _own(module))):
            return from_numpyro(value, **_arguments(value, what, data or {}))
        value = _guarded(value, path, what)
    if data:
        raise InputError(f"{what} takes no data: only a Stan program or a NumPyro model does.")
    return _as_target(value, what)


def object_in_file(path: Path, name: str, kind: type[_T], called: str) -> _T:
    """Run a Python file, and return what it defines under a name; see ``load_object``."""
    value, what = _named(_module(path), name, path, kind), f"{name} in {path}"
    if callable(value) and not isinstance(value, kind):
        what = f"{name}() in {path}"
        value = _guarded(value, path, what)
    if not isinstance(value, kind):
        raise InputError(
            f"{what} is of type {type(value).__name__}: make it a {called}, or a function "
            "of no arguments that returns one."
        )
    return value  # pyright: ignore[reportReturnType]


def _named(module: ModuleType, name: str, path: Path, kind: type) -> Any:
    if name not in vars(module):
        known = [key for key, value in vars(module).items() if _is_candidate(key, value, kind)]
        near = nearest(name, known)
        others = f": it defines {', '.join(known[:_NAMED])}." if known else "."
        hint = f": did you mean {near!r}?" if near else others
        raise InputError(f"{path} defines no name {name!r}{hint}")
    return vars(module)[name]


def _as_target(value: Any, what: str) -> Target:
    if _is_pymc(value):
        return from_pymc(value)
    if not isinstance(value, Target):
        raise InputError(
            f"{what} is of type {type(value).__name__}: make it a fluvial.Target, or a function "
            "of no arguments that returns one."
        )
    return value


def _only_model(module: ModuleType, path: Path) -> str:
    models = list(_models(module))
    if _CUSTOMARY in models or len(models) == 1:
        return _CUSTOMARY if _CUSTOMARY in models else models[0]
    if not models:
        raise InputError(
            f"{path} defines no model that can be found: say which name in it is the target, as "
            f"{path}:target."
        )
    raise InputError(
        f"{path} defines the models {', '.join(models)}: say which one to fit, as "
        f"{path}:{models[0]}."
    )


def _models(module: ModuleType) -> Iterator[str]:
    own = _own(module)
    used = {other for name, f in own.items() for other in _names(f.__code__) if other != name}
    for name, value in vars(module).items():
        if name.startswith("_"):
            continue
        is_model = isinstance(value, Target) or _is_pymc(value)
        function = own.get(name)
        if function is not None and name not in used:
            names = _mentioned(function, own)
            builds = _builds(function, names) and not _required(function)
            is_model = builds or _samples(function, names)
        if is_model:
            yield name


def _own(module: ModuleType) -> dict[str, FunctionType]:
    """The functions that a module defines itself."""
    return {
        name: value
        for name, value in vars(module).items()
        if isinstance(value, FunctionType) and value.__module__ == module.__name__
    }


def _mentioned(function: FunctionType, own: Mapping[str, FunctionType]) -> set[str]:
    """The names in a function's code, and in the functions of the same file that it uses."""
    found: set[str] = set()
    left = [function]
    while left:
        new = _names(left.pop().__code__) - found
        found |= new
        left += [own[name] for name in new if name in own]
    return found


def _names(code: CodeType) -> set[str]:
    """Every global name and attribute that a function's code mentions, inner functions included."""
    inner = (c for c in code.co_consts if isinstance(c, CodeType))
    return set(code.co_names).union(*map(_names, inner))


def _samples(function: FunctionType, names: set[str]) -> bool:
    """Whether a function calls ``numpyro.sample``, rather than making a target of one that does.

    Args:
        function: of the file.
        names: what its code mentions.
    """
    numpyro = sys.modules.get("numpyro")
    if numpyro is None or not names.isdisjoint(_BUILDERS):
        return False
    mentioned = [function.__globals__.get(name) for name in names]
    whole = "sample" in names and any(value is numpyro for value in mentioned)
    return whole or any(value is numpyro.sample for value in mentioned)


def _builds(function: FunctionType, names: set[str]) -> bool:
    """Whether a function mentions something that makes a target, or a PyMC model."""
    pymc = sys.modules.get("pymc")
    mentioned = [function.__globals__.get(name) for name in names]
    makes_pymc = pymc is not None and "Model" in names and any(v is pymc for v in mentioned)
    return makes_pymc or not names.isdisjoint(_BUILDERS)


def _required(function: Callable) -> list[str]:
    positional = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return [
        parameter.name
        for parameter in inspect.signature(function).parameters.values()
        if parameter.default is parameter.empty and parameter.kind not in positional
    ]


def _arguments(function: FunctionType, what: str, data: Mapping[str, Any]) -> dict[str, Any]:
    """Take a model's arguments from the data; lists become arrays."""
    missing = [name for name in _required(function) if name not in data]
    if missing:
        raise InputError(
            f"{what} takes {', '.join(missing)}, which the data lack: give --data FILE, such as "
            f'JSON with {{"{missing[0]}": [1.5, 2.0]}}, or name a function of no arguments that '
            "returns fluvial.from_numpyro(model, ...)."
        )
    given = {name: data[name] for name in inspect.signature(function).parameters if name in data}
    return {n: np.asarray(v) if isinstance(v, list) else v for n, v in given.items()}


def _is_pymc(value: Any) -> bool:
    pymc = sys.modules.get("pymc")
    return pymc is not None and isinstance(value, pymc.Model)


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
    _alive.append(module)
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
    except InputError as error:
        raise InputError(f"{what} failed{_line(error, path)}: {error}") from error
    except Exception as error:
        raise InputError(
            f"{what} failed{_line(error, path)}: {described(error)}{_hint(error)}"
        ) from error


def _hint(error: Exception) -> str:
    """Return how to install what could not be imported, if an extra provides it."""
    if not isinstance(error, ModuleNotFoundError) or error.name is None:
        return ""
    how = advice(error.name.partition(".")[0])
    return f": {how}." if how else ""


def _line(error: Exception, path: Path) -> str:
    """Return " at line n" for the last line of the file that took part in the error."""
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if Path(frame.filename) == path.resolve()]
    return f" at line {lines[-1]}" if lines else ""
