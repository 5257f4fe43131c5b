"""A copy of a function that shares no arrays with the original."""

import functools
import inspect
import sys
import sysconfig
from collections.abc import Callable, Iterator
from types import FunctionType, MethodType, ModuleType
from typing import Any

import cloudpickle

__all__ = ["fresh_copy"]


def fresh_copy(function: Callable) -> Callable:
    """Copy a function with everything it has captured, and with what it refers to in its modules.

    Modules of the standard library and of installed packages are not copied, nor are their

    contents.

    Returns:
        The copy, or the function itself if something it refers to cannot be copied.
    """
    own = [module for module in set(_modules(function)) if _is_users(module)]
    added = [
        module
        for module in own
        if module.__name__ not in cloudpickle.list_registry_pickle_by_value()
    ]
    for module in added:
        cloudpickle.register_pickle_by_value(module)
    try:
        return cloudpickle.loads(cloudpickle.dumps(function))
    except Exception:  # of whatever kind the captured objects raise
        return function
    finally:
        for module in added:
            cloudpickle.unregister_pickle_by_value(module)


def _modules(function: Callable) -> Iterator[ModuleType]:
    """Yield the modules of a function, and of the functions that it refers to."""
    waiting: list[Any] = [function]
    seen: set[int] = set()
    while waiting:
        found = _inner(waiting.pop())
        if not isinstance(found, FunctionType) or id(found) in seen:
            continue
        seen.add(id(found))
        module = sys.modules.get(found.__module__)
        if module is None:
            continue
        yield module
        if _is_users(module):
            names = inspect.getclosurevars(found)
            waiting += [*names.nonlocals.values(), *names.globals.values()]
        else:
            waiting += [cell.cell_contents for cell in found.__closure__ or () if _filled(cell)]


def _inner(value: Any) -> Any:
    while not isinstance(value, FunctionType):
        if isinstance(value, functools.partial):
            value = value.func
        elif isinstance(value, MethodType):
            value = value.__func__
        elif hasattr(value, "__wrapped__"):
            value = value.__wrapped__
        else:
            return value
    return value


def _filled(cell: Any) -> bool:
    try:
        return cell.cell_contents is not cell
    except ValueError:
        return False


def _is_users(module: ModuleType) -> bool:
    """Whether a module is neither fluvial's, nor Python's own, nor an installed package's."""
    package = module.__name__.partition(".")[0]
    if (package in sys.stdlib_module_names and package != "__main__") or package == "fluvial":
        return False
    file = getattr(module, "__file__", None) or ""
    return not file.startswith(tuple(sysconfig.get_path(kind) for kind in ("purelib", "platlib")))
