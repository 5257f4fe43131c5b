"""Data that a NumPyro model is called with and does not observe, by the names of its arguments."""

import inspect
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

import numpy as np

__all__ = ["constants"]


def constants(
    model: Callable,
    args: tuple,
    kwargs: Mapping[str, Any],
    observed: Mapping[str, np.ndarray],
    taken: Collection[str],
) -> dict[str, np.ndarray]:
    """Return the numbers among a model's arguments that are not what it has observed.

    Args:
        model: a function.
        args: its arguments in their places.
        kwargs: those that are named.
        observed: the observed sites, which an argument may have by another name.
        taken: names that are something else's already.

    Returns:
        Argument, or key of a mapping that is one, -> an array of real numbers.

    Example:
        >>> x, y = np.ones(2), np.zeros(2)
        >>> list(constants(lambda x, y: None, (x, y), {}, {"obs": y}, ()))
        ['x']
    """
    found = {}
    for name, value in _named(model, args, kwargs):
        array = np.asarray(value) if _is_numeric(value) else None
        if array is None or name in taken or array.dtype.kind not in "biuf":
            continue
        if not any(np.array_equal(array, data, equal_nan=True) for data in observed.values()):
            found[name] = array
    return found


def _named(model: Callable, args: tuple, kwargs: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Every argument that has a name, and what is in those that are mappings."""
    try:
        bound = inspect.signature(model).bind(*args, **kwargs)
    except (TypeError, ValueError):  # of a model that is called in another way
        return
    for name, value in bound.arguments.items():
        if isinstance(value, Mapping):
            yield from ((key, held) for key, held in value.items() if isinstance(key, str))
        else:
            yield name, value


def _is_numeric(value: Any) -> bool:
    if isinstance(value, bool):
        return False
    return isinstance(value, int | float) or hasattr(value, "__array__")
