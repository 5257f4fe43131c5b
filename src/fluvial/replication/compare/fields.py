"""What SciPy's optimizers and matrices and scikit-learn's reports say, in one of two forms."""

import re
from collections.abc import Sequence

__all__ = ["in_one_form"]

_FIELD = re.compile(r"(\s*(\w+)):(?: (.*)|$)")
_OF_RESULT = {"message", "success"}
_AVERAGE, _WEIGHTED = "avg / total", "weighted avg"
_FURTHER = re.compile(r"\s*(?:accuracy|macro avg|micro avg)\s")
# What SciPy 1.13 came to print above the entries of a sparse matrix.
_SPARSE = (
    re.compile(r"\s*<[\w ]+ sparse (?:matrix|array) of dtype '\w+'"),
    re.compile(r"\s*with \d+ stored elements and shape \([\d, ]+\)>"),
    re.compile(r"\s*Coords\s+Values"),
)
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
    texts = recorded, local = _without_headers(recorded, local)
    blocks = [_block(lines) for lines in texts]
    fields = [
        _fields(lines[start:stop]) for lines, (start, stop) in zip(texts, blocks, strict=True)
    ]
    if fields[0] and fields[0].keys() <= fields[1].keys():
        before, after = (
            [*lines[:start], *(f"{name}: {own[name]}" for name in sorted(fields[0])), *lines[stop:]]
            for lines, (start, stop), own in zip(texts, blocks, fields, strict=True)
        )
        return before, after
    averages = [any(_AVERAGE in line for line in lines) for lines in (recorded, local)]
    if averages == [True, False] and any(_WEIGHTED in line for line in local):
        kept = [line for line in local if not _FURTHER.match(line)]
        return recorded, [line.replace(_WEIGHTED, f"  {_AVERAGE}") for line in kept]
    return recorded, local


def _without_headers(
    recorded: Sequence[str], local: Sequence[str]
) -> tuple[Sequence[str], Sequence[str]]:
    """Leave out what stands above the entries of sparse matrices if only one text says it."""
    headers = [_headers(lines) for lines in (recorded, local)]
    if bool(headers[0]) == bool(headers[1]):
        return recorded, local
    before, after = (
        [line for at, line in enumerate(lines) if at not in own]
        for lines, own in zip((recorded, local), headers, strict=True)
    )
    return before, after


def _headers(lines: Sequence[str]) -> set[int]:
    """Return where the lines are that stand above the entries of sparse matrices."""
    size = len(_SPARSE)
    starts = (
        at
        for at in range(len(lines) - size + 1)
        if all(p.fullmatch(line) for p, line in zip(_SPARSE, lines[at : at + size], strict=True))
    )
    return {at + further for at in starts for further in range(size)}


def _block(lines: Sequence[str]) -> tuple[int, int]:
    """Return where the fields of a result begin and end: their colons are below each other."""
    for line in lines:
        if (match := _FIELD.fullmatch(line)) and match[2] in _OF_RESULT:
            column = match.end(1)
            break
    else:
        return 0, 0
    own = [at for at, line in enumerate(lines) if _is_field(line, column)]
    stop = own[-1] + 1
    while stop < len(lines) and lines[stop].startswith(" "):
        stop += 1
    return own[0], stop


def _is_field(line: str, column: int) -> bool:
    match = _FIELD.fullmatch(line)
    return match is not None and match.end(1) == column


def _fields(lines: Sequence[str]) -> dict[str, str]:
    """Return the fields of a result by name; nothing if the lines are of anything else."""
    found: dict[str, str] = {}
    name = ""
    column = next((match.end(1) for line in lines if (match := _FIELD.fullmatch(line))), 0)
    for line in lines:
        match = _FIELD.fullmatch(line)
        if match and match.end(1) == column:
            name = match[2]
            found[name] = match[3] or ""
        elif name and line.startswith(" "):
            found[name] += f" {line.strip()}"
        else:
            return {}
    return (
        {name: _plain(text) for name, text in found.items()} if found.keys() >= _OF_RESULT else {}
    )


def _plain(text: str) -> str:
    text = _ARRAY.sub(r"\1", text.strip())
    text = text.removeprefix("b").strip("'\"")
    return re.sub(r"(?<=[\[,])\s+|\s+(?=\])", "", text).replace(",", " ")
