"""What Python 2 printed of several values in brackets: a tuple, where Python 3 prints them."""

from collections.abc import Sequence
from typing import Any

from fluvial.replication.compare.reprs import Made, parsed
from fluvial.replication.compare.style import joined_lines

__all__ = ["as_python_3_prints"]

_OPENS = "("


def as_python_3_prints(lines: Sequence[str], others: Sequence[str]) -> list[str]:
    """Return what Python 2 printed, with the tuples as Python 3 prints the values in them.

    ``print("n =", 3)`` printed ``('n =', 3)`` when print was a statement; code that a program has
    converted, with brackets too many, prints so now. Tuples that the other text has, too, stay.

    Args:
        lines: with such tuples.
        others: of the text to compare with.

    Example:
        >>> as_python_3_prints(["('n =', 3, array([1, 2]))", "(1, 2)"], ["n = 3 [1 2]", "(1, 2)"])
        ['n = 3 [1 2]', '(1, 2)']
    """
    kept = {text for _, text in joined_lines(others)}
    return [
        line
        for _, text in joined_lines(lines)
        for line in (text if text in kept else _printed(text)).split("\n")
    ]


def _printed(text: str) -> str:
    value = parsed(text) if text.startswith(_OPENS) else None
    return " ".join(map(_as_text, value)) if isinstance(value, tuple) and len(value) != 1 else text


def _as_text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, Made) and value.name == "array" and value.arguments:
        return _as_array(value.arguments[0])
    return repr(value)


def _as_array(value: Any) -> str:
    return f"[{' '.join(map(_as_array, value))}]" if isinstance(value, list) else repr(value)
