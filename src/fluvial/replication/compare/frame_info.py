"""What ``DataFrame.info`` prints, in the layout of pandas before 1.0 and of pandas since."""

import re
from collections.abc import Sequence

__all__ = ["in_one_layout"]

_HEADER = re.compile(r"\s*#\s+Column\s.*\bDtype\s*")
_RULE = re.compile(r"\s*---[-\s]*")
_NUMBERED = re.compile(r"\s*\d+\s+(?=\S)")
_USAGE = re.compile(r"memory usage: ([\d.]+)(\+?) ?(bytes|[KMGT]B)")
_NEARLY = 0.015
_BYTES = {"bytes": 1.0, "KB": 2.0**10, "MB": 2.0**20, "GB": 2.0**30, "TB": 2.0**40}


def in_one_layout(
    recorded: Sequence[str], local: Sequence[str]
) -> tuple[Sequence[str], Sequence[str]]:
    """Return two texts as lines, both in the former layout if only one of them is in the present.

    Since pandas 1.0 there is a header, and the columns are numbered. A usage of memory that is
    "at least" so much, as of objects, agrees with one that is more, as of text in pandas 3; and one
    with another that is nearly the same, since how an index is kept has changed.

    Example:
        >>> old = ["A    3 non-null float64", "memory usage: 1.2+ KB"]
        >>> new = [" #   Column  Dtype", "---  ------  -----", " 0   A       3 non-null float64"]
        >>> in_one_layout(old, [*new, "memory usage: 1.3 KB"])[1]
        ['A       3 non-null float64', 'memory usage: 1.2+ KB']
    """
    headed = [any(map(_HEADER.fullmatch, lines)) for lines in (recorded, local)]
    if headed[0] != headed[1]:
        recorded, local = _former(recorded), _former(local)
    usage = [_usage(lines) for lines in (recorded, local)]
    if usage[0] and usage[1] and _agree(usage[0], usage[1]):
        local = [_USAGE.sub(usage[0][2], line) for line in local]
    return recorded, local


def _agree(recorded: tuple[bool, float, str], local: tuple[bool, float, str]) -> bool:
    at_least, before, _ = recorded
    return (at_least and before <= local[1]) or abs(local[1] - before) <= _NEARLY * before


def _former(lines: Sequence[str]) -> list[str]:
    kept: list[str] = []
    within = False
    for line in lines:
        if _HEADER.fullmatch(line):
            within = True
        elif not (within and _RULE.fullmatch(line)):
            within = within and bool(_NUMBERED.match(line))
            kept.append(_NUMBERED.sub("", line, count=1) if within else line)
    return kept


def _usage(lines: Sequence[str]) -> tuple[bool, float, str] | None:
    """Return whether a usage is "at least" so much, how many bytes, and how it is written."""
    for line in lines:
        if match := _USAGE.search(line):
            return bool(match[2]), float(match[1]) * _BYTES[match[3]], match.group()
    return None
