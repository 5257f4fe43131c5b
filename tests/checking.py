"""What checks signatures while the tests run: beartype, of each function's first calls.

A check of a small function takes 20 times as long as a call of it, and loops call some functions
tens of thousands of times. So in each module of tests those calls are checked that come first.
"""

import functools
import sys
from collections import Counter
from collections.abc import Callable

from beartype import beartype

__all__ = ["check_again", "check_first_calls"]

MOST = 100
_calls: Counter[str] = Counter()
_unchecked: list[Callable] = []


def check_first_calls(function: Callable) -> Callable:
    """Return a function that checks its arguments, and ends its own checks after many calls.

    What checks is made at the first call: most functions of the package are called by few tests.
    """
    checked, name = None, f"{function.__module__}:{function.__qualname__}"

    @functools.wraps(function)
    def counting(*args, **kwargs):
        nonlocal checked
        checked = checked or beartype(function)
        _calls[name] += 1
        if _calls[name] == MOST:
            _end_checks(function.__module__, function.__qualname__)
        return checked(*args, **kwargs)

    return counting


def _end_checks(module: str, qualname: str) -> None:
    """Tell jaxtyping, by the mark that ``typing.no_type_check`` sets."""
    found = sys.modules.get(module)
    for part in qualname.split("."):
        found = getattr(found, part, None)  # none of a function inside another one
    while found is not None:
        if hasattr(found, "__dict__") and isinstance(found, type(_end_checks)):
            found.__no_type_check__ = True
            _unchecked.append(found)
        found = getattr(found, "__wrapped__", None)


def check_again() -> None:
    """Check all functions' calls again, as of the next module of tests."""
    for function in _unchecked:
        function.__dict__.pop("__no_type_check__", None)
    _unchecked.clear()
    _calls.clear()
