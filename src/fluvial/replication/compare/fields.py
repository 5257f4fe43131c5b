"""What SciPy's optimizers and scikit-learn's reports say, in one of two forms."""

import re
from collections.abc import Sequence

__all__ = ["in_one_form"]

_FIELD = re.compile(r"\s*(\w+): ?(.*)")
_OF_RESULT = {"message", "success"}
_AVERAGE, _WEIGHTED = "avg / total", "weighted avg"
_FURTHER = re.compile(r"\s*(?:accuracy|macro avg|micro avg)\s")
_ARRAY = re.compile(r"\barray\((.*)\)$")


def in_one_form(
    recorded: Sequence[str], local: Sequence[str]
) -> tuple[Sequence[str], Sequence[str]]:
    """Return two texts as lines, with what both say in the form that both can have.

    The fields of a result of SciPy stand in the order of their names until 1.10, and in another
    one since, without the names of arrays. The report of a classifier had one average until
    scikit-learn 0.20, which is the weighted one of those that it has since.

    Example:
        >>> old = ["    fun: 1.0", "message: 'ok'", "success: True", "      x: array([2.])"]
        >>> new = ["message: ok", "success: True", "    fun: 1.0", "      x: [ 2.000e+00]"]
        >>> in_one_form(old, new)[0]
        ['fun: 1.0', 'message: ok', 'success: True', 'x: [2.]']
    """
    fields = [_fields(lines) for lines in (recorded, local)]
    if fields[0] and fields[1]:
        shared = sorted(fields[0].keys() & fields[1].keys())
        rest = [sorted(own.keys() - set(shared)) for own in fields]
        if not rest[0]:
            first, second = ([f"{name}: {own[name]}" for name in shared] for own in fields)
            return first, second
    averages = [any(_AVERAGE in line for line in lines) for lines in (recorded, local)]
    if averages == [True, False] and any(_WEIGHTED in line for line in local):
        kept = [line for line in local if not _FURTHER.match(line)]
        return recorded, [line.replace(_WEIGHTED, f"  {_AVERAGE}") for line in kept]
    return recorded, local


def _fields(lines: Sequence[str]) -> dict[str, str]:
    """Return the fields of a result by name; nothing if the lines are of anything else."""
    found: dict[str, str] = {}
    name = ""
    for line in lines:
        match = _FIELD.fullmatch(line)
        if match:
            name = match[1]
            found[name] = match[2]
        elif name and line.startswith(" "):
            found[name] += f" {line.strip()}"
        else:
            return {}
    if not found.keys() >= _OF_RESULT:
        return {}
    return {name: _plain(text) for name, text in found.items()}


def _plain(text: str) -> str:
    text = _ARRAY.sub(r"\1", text.strip())
    text = text.removeprefix("b").strip("'\"")
    return re.sub(r"(?<=[\[,])\s+|\s+(?=\])", "", text).replace(",", " ")
