"""The lines that code prints, and where in them a reading of a clock stands."""

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from fluvial.replication.compare.clocked import Known, Value, parts_of
from fluvial.replication.compare.clocks import parsed_code
from fluvial.replication.compare.readings import Readings

__all__ = ["Printed", "printed_by"]

# A number, a duration as Python writes one, or several numbers in brackets.
_READING = (
    r"(?:(?:array\()?[\[(][\d.,:eE+\-\s\[\]()]*[\])]"
    r"|[-+]?(?:\d[\d.,:eE+\-]*|\.\d+|inf|nan)(?: days?, [\d:.]+)?)"
)
_WORD, _ANYTHING = r"\S+", r".*?"
_LONGEST = 500  # of a line with several parts, which a pattern may have to try in many ways
_LETTERS = re.compile(r"[^\W\d_]")
_FEWEST_LETTERS = 3  # with fewer a line is known by the number of its parts alone


@dataclass(frozen=True)
class Line:
    """A line as code prints it.

    Attributes:
        pattern: of it, each reading a group.
        letters: how many letters of it are always the same.
        ends: whether a clock says how many there are.
        alone: whether it is of one part.
    """

    pattern: re.Pattern[str]
    letters: int
    ends: bool
    alone: bool

    @property
    def telling(self) -> bool:
        """Whether it can be told from the lines that other code prints."""
        return self.pattern.groups > 0 or self.letters >= _FEWEST_LETTERS


@dataclass(frozen=True)
class Printed:
    """What code prints: its lines, and what the last expression of it shows.

    Attributes:
        lines: that are printed.
        result: the line of the result; None if nothing is known of it.
        resolution: in seconds, of the coarsest clock that is read.
    """

    lines: tuple[Line, ...] = ()
    result: Line | None = None
    resolution: float = 0.0

    def readings_in(self, text: str, *, result: bool = False) -> list[tuple[int, int]]:
        """Return where readings begin and end in a line, as far as only these can be meant."""
        found = self._matches(text, result=result)
        spans = [
            {match.span(group) for group in range(1, match.re.groups + 1)} for _, match in found
        ]
        return sorted(set.intersection(*spans)) if spans else []

    @property
    def ends(self) -> bool:
        """Whether a clock ends any lines."""
        return any(line.ends for line in self.lines)

    def go_on_for_a_time(self, text: str) -> bool:
        """Whether a line is one of those that are printed until a clock ends them."""
        found = self._matches(text, result=False) if self.ends else ()
        return bool(found) and all(line.ends and line.telling for line, _ in found)

    def _matches(self, text: str, *, result: bool) -> list[tuple[Line, re.Match[str]]]:
        lines = self.lines if not result else ((self.result,) if self.result else ())
        found = [
            (line, match)
            for line in lines
            if (line.alone or len(text) <= _LONGEST) and (match := line.pattern.fullmatch(text))
        ]
        most = max((line.letters for line, _ in found), default=0)
        return [(line, match) for line, match in found if line.letters == most]


@lru_cache(maxsize=64)
def printed_by(source: str) -> Printed:
    r"""Return what code prints of clocks.

    Args:
        source: of a cell, after that of the cells that it needs.

    Example:
        >>> made = printed_by("import os\nt = os.times()[0]\nprint('fit', 3, t)")
        >>> made.readings_in("fit 3 0.25"), made.readings_in("fit 4 9.5"), made.resolution
        ([(6, 10)], [(6, 9)], 0.01)
    """
    code = parsed_code(source)
    try:
        return Printed() if code is None else _printed_by(code)
    except RecursionError:  # an expression nested deeper than can be followed
        return Printed()


def _printed_by(code: ast.Module) -> Printed:
    readings = Readings(code)
    lines = [line for call in readings.prints for line in _lines(readings, *call)]
    if not any(line.pattern.groups or line.ends for line in lines):
        lines = []
    last = code.body[-1] if code.body else None
    result = _shown(readings, last.value) if isinstance(last, ast.Expr) else None
    return Printed(tuple(lines), result, readings.resolution)


def _lines(readings: Readings, call: ast.Call, scope: str, ends: bool) -> Iterator[Line]:
    separator = _keyword(call, "sep", " ")
    parts: list[str | Known] = []
    for argument in call.args:
        parts += [separator, *parts_of(readings.value(argument, scope))]
    whole = [*parts[1:], _keyword(call, "end", "\n")]
    line: list[str | Known] = []
    for part in whole:
        pieces = part.split("\n") if isinstance(part, str) else [part]
        for at, piece in enumerate(pieces):
            if at and line:
                yield _line(line, ends=ends)
                line = []
            if piece != "":
                line.append(piece)
    if line:
        yield _line(line, ends=ends)


def _keyword(call: ast.Call, name: str, default: str) -> str:
    for keyword in call.keywords:
        if keyword.arg == name and isinstance(keyword.value, ast.Constant):
            return str(keyword.value.value if keyword.value.value is not None else default)
    return default


def _shown(readings: Readings, node: ast.expr) -> Line | None:
    """Return the line that a result makes, if it is a reading or holds one in a known place."""
    parts = parts_of(readings.value(node))
    return _line(parts, ends=False) if Value.READING in parts else None


def _line(parts: Iterable[str | Known], *, ends: bool) -> Line:
    parts = list(parts)
    said = "".join(part for part in parts if isinstance(part, str))
    letters = len(_LETTERS.findall(said))
    other = _ANYTHING if letters >= _FEWEST_LETTERS or len(parts) == 1 else _WORD
    pattern = "".join(
        _constant(part)
        if isinstance(part, str)
        else (rf"\s*({_READING})\s*" if part is Value.READING else rf"\s*{other}\s*")
        for part in parts
    )
    return Line(re.compile(pattern), letters, ends, len(parts) == 1)


def _constant(text: str) -> str:
    return r"\s+".join(map(re.escape, re.split(r"\s+", text)))
