"""Structured values: JSON, and what is read out of the reprs of dicts, lists, sets and objects."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any, TypeGuard

from fluvial.replication.compare.cause import Cause
from fluvial.replication.compare.difference import Difference, Kind, shortened
from fluvial.replication.compare.judging import (
    Where,
    digits_shown,
    duration_difference,
    number_difference,
)
from fluvial.replication.compare.numbers import Duration, Number
from fluvial.replication.compare.reprs import Made
from fluvial.replication.compare.run_values import why_of_run
from fluvial.replication.compare.surroundings import Surroundings
from fluvial.replication.compare.tolerance import Tolerance

__all__ = ["compare_values"]

_NUMBER = int | float
_DEFAULTS = (None, "auto", "warn", "deprecated", False)
_MEASURED = re.compile(r"(?:fit|score)_time$")  # by scikit-learn
_MANY = 3
_LARGEST = 1e308
# NumPy leaves out the type that the values imply.
_IMPLIED = ("bool", "int64", "float64", "complex128", "object")
_TEXT_TYPES = {"object", "str", "string"}
_UNORDERED = re.compile(r"\|[SV]\d+")
_BYTES = re.compile(r"\|S(\d+)")  # Python 2's text


def compare_values(
    recorded: Any,
    local: Any,
    tolerance: Tolerance,
    place: str,
    line: int | None = None,
    run: Surroundings | None = None,
) -> Iterator[Difference]:
    """Compare two values recursively; the order of a dict's keys and of a set does not count.

    Args:
        recorded: the recorded one: dicts, lists, tuples, sets, strings, numbers, objects, None.
        local: the local one.
        tolerance: how far numbers may lie apart.
        place: of the value in the cell, in words; the path below it is added.
        line: the recorded line, where the values are from text.
        run: what the local run can print of itself; by default nothing is.
    """
    yield from _compare(recorded, local, tolerance, Where(place, line, run=run))


def _compare(recorded: Any, local: Any, tolerance: Tolerance, where: Where) -> Iterator[Difference]:
    why = None if where.run is None else why_of_run(recorded, local, where.run)
    if why is not None:
        if recorded != local:
            texts = shortened(repr(recorded), repr(local)), shortened(repr(local), repr(recorded))
            yield Difference(Kind.TEXT, where.place, where.line, *texts, None, True, *why)
    elif isinstance(recorded, dict) and isinstance(local, dict):
        yield from _compare_dicts(recorded, local, tolerance, where)
    elif isinstance(recorded, tuple) and isinstance(local, Made) and local.is_result:
        fields = dict(zip(local.keywords, recorded, strict=False))
        yield from _compare(Made(local.name, (), fields), local, tolerance, where)
    elif isinstance(recorded, list | tuple) and isinstance(local, list | tuple):
        yield from _compare_lists(recorded, local, tolerance, where)
    elif isinstance(recorded, Made) and isinstance(local, Made) and recorded.name == local.name:
        yield from _compare_made(recorded, local, tolerance, where)
    elif _is_number(recorded) and _is_number(local):
        if recorded != local:
            yield from _compare_numbers(recorded, local, tolerance, where)
    elif isinstance(recorded, complex) and isinstance(local, complex):
        for name, a, b in (
            ("real", recorded.real, local.real),
            ("imaginary", recorded.imag, local.imag),
        ):
            yield from _compare(a, b, tolerance, replace(where, place=f"{where.place}, {name}"))
    elif isinstance(recorded, list) and isinstance(local, set):
        # Python 2 made a list of a dict's keys.
        yield from _compare(_as_set(recorded), local, tolerance, where)
    elif (
        isinstance(recorded, list)
        and isinstance(local, dict)
        and isinstance(_as_dict(recorded), dict)
    ):
        # Python 2 made a list of a dict's items.
        yield from _compare(_as_dict(recorded), local, tolerance, where)
    elif _is_array(local) and isinstance(recorded, list):
        yield from _compare(recorded, local.arguments[0], tolerance, where)
    elif _is_array(recorded) and isinstance(local, list):
        yield from _compare(recorded.arguments[0], local, tolerance, where)
    elif isinstance(recorded, str) and isinstance(local, bytes):
        # Python 2 wrote bytes so.
        yield from _compare(recorded, local.decode("latin-1"), tolerance, where)
    elif _without_order(recorded) != _without_order(local):
        kind = Kind.TEXT if type(recorded) is type(local) else Kind.TYPE
        texts = shortened(repr(recorded), repr(local)), shortened(repr(local), repr(recorded))
        yield _apart(kind, where, *texts, f"another {kind}")


def _compare_numbers(
    recorded: _NUMBER, local: _NUMBER, tolerance: Tolerance, where: Where
) -> Iterator[Difference]:
    if _MEASURED.search(where.near) and min(recorded, local) >= 0.0:
        a, b = (Duration(float(value), str(value)) for value in (recorded, local))
        yield from duration_difference(a, b, tolerance, where, Surroundings())
    else:
        yield from number_difference(_number(recorded), _number(local), tolerance, where)


def _compare_dicts(
    recorded: dict, local: dict, tolerance: Tolerance, where: Where
) -> Iterator[Difference]:
    for key, value in recorded.items():
        if key in local:
            yield from _compare(value, local[key], tolerance, _below(where, key))
        else:
            text = shortened(repr(value))
            yield _apart(Kind.MISSING, _below(where, key), text, "", "not made locally")
    for key in local:
        if key not in recorded:
            text = shortened(repr(local[key]))
            yield _apart(Kind.EXTRA, _below(where, key), "", text, "not recorded")


def _compare_lists(
    recorded: list | tuple, local: list | tuple, tolerance: Tolerance, where: Where
) -> Iterator[Difference]:
    recorded, local = _without_left_out(recorded, local)
    if len(recorded) != len(local):
        texts = f"{len(recorded)} items", f"{len(local)} items"
        yield _apart(Kind.TEXT, where, *texts, "another length")
        return
    sizes = [abs(v) for v in recorded if isinstance(v, float | complex) and abs(v) < _LARGEST]
    scale = max(where.scale, *sizes, 0.0) if sizes else where.scale
    digits = digits_shown(_floats(recorded), _floats(local))
    for index, (a, b) in enumerate(zip(recorded, local, strict=True)):
        place = f"{where.place}, [{index}]"
        below = replace(where, place=place, scale=scale, digits=digits)
        yield from _compare(a, b, tolerance, below)


def _without_left_out(
    recorded: list | tuple, local: list | tuple
) -> tuple[list | tuple, list | tuple]:
    """Cut two lists, of which one leaves items out with dots, to what both of them show."""
    if (... in recorded) == (... in local):
        return recorded, local
    short, full = (recorded, local) if ... in recorded else (local, recorded)
    at = short.index(...)
    before, after = short[:at], short[at + 1 :]
    if len(before) + len(after) > len(full):
        return recorded, local
    rest = full[len(full) - len(after) :] if after else full[:0]
    shown = [*before, *after], [*full[:at], *rest]
    return shown if short is recorded else (shown[1], shown[0])


def _compare_made(
    recorded: Made, local: Made, tolerance: Tolerance, where: Where
) -> Iterator[Difference]:
    """Compare two objects by what makes them; newer libraries leave out what is by default."""
    recorded, local = _by_keyword(recorded, local), _by_keyword(local, recorded)
    yield from _compare_lists(recorded.arguments, local.arguments, tolerance, where)
    a, b = _plain_types(recorded.keywords), _plain_types(local.keywords)
    shared = {key: value for key, value in a.items() if key in b}
    if recorded.is_result:  # SciPy has come to give numbers for arrays of one entry
        shared, b = ({key: _only_entry(value) for key, value in own.items()} for own in (shared, b))
        digits = digits_shown(_floats(shared.values()), _floats(b[key] for key in shared))
        where = replace(where, digits=digits)
    yield from _compare_dicts(shared, {key: b[key] for key in shared}, tolerance, where)
    dropped, added = _unshared(a, b), _unshared(b, a)
    if recorded.is_result and shared and added and not dropped:
        reason, cause = "more fields than before", Cause.LIBRARY_PRINTING
        texts = "", shortened(_listed(added))
        yield Difference(Kind.TEXT, where.place, where.line, *texts, None, True, reason, cause)
        return
    texts = _listed(dropped), _listed(added)
    by_default = [
        len(own) - len(others.keys() & own.keys()) >= _MANY or not shown
        for own, others, shown in ((a, b, dropped), (b, a, added))
    ]
    if any(texts) and all(by_default):
        yield Difference(
            Kind.TEXT,
            where.place,
            where.line,
            shortened(texts[0]),
            shortened(texts[1]),
            None,
            True,
            "taken for defaults, which the other text leaves out",
            Cause.LIBRARY_PRINTING,
        )
    elif any(texts):
        yield _apart(Kind.TEXT, where, *texts, "other arguments")


def _unshared(keywords: dict[str, Any], others: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments that only one of two objects shows, but for what means "by default".

    An older repr shows all arguments; one or two more than in the other were set on purpose.
    """
    return {
        name: value
        for name, value in keywords.items()
        if name not in others
        and value not in _DEFAULTS
        and not (name == "dtype" and value in _IMPLIED)
        and not (name == "shape" and isinstance(value, tuple))  # of arrays too long to print
        and f"[{value}]" not in str(others.get("dtype", ""))  # the frequency of periods
    }


def _listed(keywords: dict[str, Any]) -> str:
    return ", ".join(f"{name}={value!r}" for name, value in keywords.items())


def _floats(values: Iterable[Any]) -> list[float]:
    return [value for value in values if isinstance(value, float)]


def _as_set(items: list) -> set | list:
    try:
        return set(items)
    except TypeError:  # not of a dict
        return items


def _as_dict(items: list) -> dict | list:
    try:
        return dict(items)
    except (TypeError, ValueError):  # not of a dict
        return items


def _is_array(value: Any) -> TypeGuard[Made]:
    """Whether a value is an array or an index as its repr has it, which is a list as printed."""
    array = isinstance(value, Made) and (value.name == "array" or value.name.endswith("Index"))
    return array and len(value.arguments) == 1


def _by_keyword(made: Made, other: Made) -> Made:
    """Return an object with those arguments by name that the other one has so."""
    shared = len(other.arguments)
    names = [name for name in other.keywords if name not in made.keywords]
    further = dict(zip(names, made.arguments[shared:], strict=False))
    if len(further) < len(made.arguments) - shared:
        return made
    return Made(made.name, made.arguments[:shared], further | made.keywords)


def _only_entry(value: Any) -> Any:
    entries = value.arguments[0] if _is_array(value) else None
    return entries[0] if isinstance(entries, list) and len(entries) == 1 else value


def _plain_types(keywords: dict[str, Any]) -> dict[str, Any]:
    return {
        name: _plain_type(value) if name.endswith("dtype") and isinstance(value, str) else value
        for name, value in keywords.items()
    }


def _plain_type(name: str) -> str:
    return "object" if name in _TEXT_TYPES else _BYTES.sub(r"<U\1", name)


def _without_order(value: Any) -> Any:
    """Leave out that the bytes of a type of single bytes have no order, as NumPy has since 1.13."""
    return value[1:] if isinstance(value, str) and _UNORDERED.fullmatch(value) else value


def _below(where: Where, key: Any) -> Where:
    near = str(key) if _MEASURED.search(str(key)) else ""
    return replace(where, place=f"{where.place}, {key}", near=near, scale=0.0)


def _apart(kind: Kind, where: Where, recorded: str, local: str, reason: str) -> Difference:
    return Difference(kind, where.place, where.line, recorded, local, None, False, reason)


def _number(value: Any) -> Number:
    return Number(float(value), str(value))


def _is_number(value: Any) -> TypeGuard[int | float]:
    return isinstance(value, _NUMBER) and not isinstance(value, bool)
