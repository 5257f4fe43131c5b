"""Public names that have moved: for one release they work where they were, with a warning."""

import importlib
import warnings
from collections.abc import Callable, Mapping
from typing import Any

__all__ = ["moved", "renamed"]


def moved(module: str, places: Mapping[str, str]) -> Callable[[str], Any]:
    """Return a module's ``__getattr__`` that finds names where they are now.

    Args:
        module: where they were.
        places: name -> where it is now, from ``fluvial.`` on.

    Example:
        >>> find = moved("fluvial.amortized", {"join": "fluvial.distributed.join"})
        >>> with warnings.catch_warnings(record=True) as caught:
        ...     warnings.simplefilter("always")
        ...     join = find("join")
        >>> join.__module__, str(caught[0].message)
        ('fluvial.distributed', 'fluvial.amortized.join is now fluvial.distributed.join')
    """

    def find(name: str) -> Any:
        if name not in places:
            raise AttributeError(f"module {module!r} has no attribute {name!r}")
        place = places[name]
        warnings.warn(f"{module}.{name} is now {place}", DeprecationWarning, stacklevel=2)
        package, _, own = place.rpartition(".")
        return getattr(importlib.import_module(package), own)

    return find


def renamed(before: str, now: str) -> property:
    """Return a property that reads the attribute ``now``, for a class whose ``before`` it was.

    Example:
        >>> class Claim:
        ...     judgment = "REPRODUCED"
        ...     judgement = renamed("judgement", "judgment")
        >>> with warnings.catch_warnings(record=True) as caught:
        ...     warnings.simplefilter("always")
        ...     found = Claim().judgement
        >>> found, str(caught[0].message)
        ('REPRODUCED', 'Claim.judgement is now Claim.judgment')
    """

    def read(owner: Any) -> Any:
        kind = type(owner).__name__
        warnings.warn(f"{kind}.{before} is now {kind}.{now}", DeprecationWarning, stacklevel=2)
        return getattr(owner, now)

    return property(read)
