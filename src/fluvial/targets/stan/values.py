"""One field of a Stan program's data: from whatever holds numbers to an array, and to JSON."""

import numbers
import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import numpy as np

from fluvial.errors import InputError

__all__ = ["as_array", "as_json", "element_name"]

# How Stan's own JSON reader, R and Python spell what JSON has no number for.
_SPELLED = re.compile(r"([+-]?)(nan|inf|infinity)", re.IGNORECASE)
_INT = np.iinfo(np.int32)  # Stan's int has 32 bits


def as_array(name: str, value: Any, *, integer: bool) -> np.ndarray:
    """Return a field as an array of int64 or float64, in the shape in which it was given.

    Args:
        name: the field's, for the sentence of an error.
        value: a number; nested lists of numbers; or whatever NumPy takes for an array.
        integer: whether the program declares integers; floats then have to be whole numbers.

    Raises:
        InputError: if the lists are ragged, or an element is missing, not a number, or not an
            integer where one is declared. It names the first such element, counted from 1 as in
            Stan.
    """
    array = _numbers(name, _nested(name, value))
    if not integer:
        return array.astype(np.float64)
    with np.errstate(invalid="ignore"):
        _refuse(name, array, array != np.floor(array), "which the program declares an int")
        outside = (array < _INT.min) | (array > _INT.max)
    _refuse(name, array, outside, "which the 32 bits of Stan's int do not hold")
    return array.astype(np.int64)


def as_json(array: np.ndarray) -> Any:
    """Return an array as nested lists that strict JSON can hold; Stan reads the words in them."""
    if np.isfinite(array).all():
        return array.tolist()
    words = array.astype(object)
    words[np.isnan(array)], words[array == np.inf], words[array == -np.inf] = "NaN", "Inf", "-Inf"
    return words.tolist()


def element_name(name: str, place: Sequence[int] | np.ndarray) -> str:
    """Return an element's name as Stan writes it, counted from 1.

    Example:
        >>> element_name("x", (0, 2))
        'x[1,3]'
    """
    return f"{name}[{','.join(str(i + 1) for i in place)}]" if len(place) else name


def _nested(name: str, value: Any) -> np.ndarray:
    if np.ma.is_masked(value):
        place = np.argwhere(np.ma.getmaskarray(value))[0]
        raise _error(name, place, "is masked: Stan has no missing values")
    try:
        array = np.asarray(value)
        # beside a string NumPy would make a string of every number
        return np.asarray(value, object) if array.dtype.kind == "U" else array
    except (TypeError, ValueError) as error:
        found = _ragged(value)
        if found is None:
            raise InputError(
                f"the data's field {name!r} is not an array of numbers: {error}."
            ) from error
        place, length, usual = found
        what = f"has {length} elements where its neighbors have {usual}: its lists are ragged"
        raise _error(name, place, what) from error


def _ragged(value: Any, place: tuple[int, ...] = ()) -> tuple[tuple[int, ...], int, int] | None:
    """Return where the first list is that is not as long as its neighbors, and both lengths."""
    if not isinstance(value, list | tuple):
        return None
    lengths = [len(v) if hasattr(v, "__len__") else 0 for v in value]
    for i, length in enumerate(lengths):
        if length != lengths[0]:
            return (*place, i), length, lengths[0]
    inner = (_ragged(v, (*place, i)) for i, v in enumerate(value))
    return next(filter(None, inner), None)


def _numbers(name: str, array: np.ndarray) -> np.ndarray:
    if array.dtype.kind in "iuf":
        return array
    if array.dtype.kind == "b":
        return array.astype(np.int64)
    if array.dtype.kind not in "OU":
        raise InputError(
            f"the data's field {name!r} holds values of type {array.dtype}: give real numbers."
        )
    elements = [_number(name, place, array[place]) for place in np.ndindex(array.shape)]
    whole = all(isinstance(x, int) and abs(x) < 2**63 for x in elements)
    return np.array(elements, np.int64 if whole else np.float64).reshape(array.shape)


def _number(name: str, place: tuple[int, ...], x: Any) -> int | float:
    x = x.item() if hasattr(x, "item") and np.ndim(x) == 0 else x
    if isinstance(x, bool | int):
        return int(x)
    if isinstance(x, numbers.Real | Decimal):
        return float(x)
    if isinstance(x, str) and _SPELLED.fullmatch(x.strip()):
        return float(x)
    if x is None or type(x).__name__ == "NAType" or x in ("NA", ""):
        raise _error(name, place, "is missing: Stan has no missing values")
    kind = f"is {x!r}" if isinstance(x, str) else f"is a {type(x).__name__}"
    raise _error(name, place, f"{kind}: give a number, a list of numbers, or an array")


def _refuse(name: str, array: np.ndarray, wrong: np.ndarray | np.bool_, why: str) -> None:
    if wrong.any():
        place = tuple(np.argwhere(wrong)[0].tolist())
        raise _error(name, place, f"is {array[place]}, {why}")


def _error(name: str, place: Sequence[int] | np.ndarray, what: str) -> InputError:
    where = f": {element_name(name, place)} (counted from 1)" if len(place) else ""
    return InputError(f"the data's field {name!r}{where} {what}.")
