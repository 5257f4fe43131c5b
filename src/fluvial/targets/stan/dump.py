"""Data in R's dump format, which Stan's older interfaces wrote.

A file holds assignments such as ``y <- c(1, 2.5)`` and ``X <- structure(c(1, 2, 3, 4, 5, 6), .Dim =
c(2L, 3L))``; arrays are in column-major order (CmdStan User's Guide, "RDump Format").
"""

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from fluvial.errors import InputError

__all__ = ["is_dump", "read_dump"]

_TOKEN = re.compile(
    r"""\s*(?:\#[^\n]*\s*)*(?:
    (?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?L?)
    |(?P<name>[A-Za-z.][\w.]*)
    |(?P<quoted>"[^"\n]*"|'[^'\n]*'|`[^`\n]*`)
    |(?P<mark><-|[-+=:(),;])
    )""",
    re.VERBOSE,
)
_IS_DUMP = re.compile(r"\s*(?:#[^\n]*\s*)*[\"'`]?[A-Za-z.][\w.]*[\"'`]?\s*(?:<-|=)")
_WORDS = {"Inf": np.inf, "NaN": np.nan, "TRUE": 1, "FALSE": 0, "T": 1, "F": 0}
_EMPTY = {"integer": np.int64, "double": np.float64, "numeric": np.float64}


def is_dump(text: str) -> bool:
    """Whether a text begins with an assignment of R."""
    return _IS_DUMP.match(text) is not None


def read_dump(text: str, path: Path) -> dict[str, np.ndarray]:
    r"""Return the variables of a dump, arrays in their shapes.

    Args:
        text: what the file holds.
        path: the file, for the sentence of an error.

    Raises:
        InputError: if it is not in the format, or gives a name twice.

    Example:
        >>> read_dump("n <- 2L\ny <- c(1, 2)", Path("data.R"))
        {'n': array(2), 'y': array([1, 2])}
    """
    reader = _DumpReader(text, path)
    variables: dict[str, np.ndarray] = {}
    while not reader.take("end"):
        if reader.take(";"):
            continue
        name = reader.need("name", "quoted").strip("\"'`")
        reader.need("<-", "=")
        if name in variables:
            raise InputError(f"{path} gives {name!r} twice: keep one of them.")
        variables[name] = reader.value()
    return variables


class _DumpReader:
    """A recursive-descent reader of the values that a dump may hold."""

    def __init__(self, text: str, path: Path):
        self._path = path
        self._text = text
        self._tokens = self._cut()
        self._next = next(self._tokens)

    def _cut(self) -> Iterator[tuple[str, str, int]]:
        place = 0
        while match := _TOKEN.match(self._text, place):
            place = match.end()
            kind = str(match.lastgroup)
            yield (match[kind] if kind == "mark" else kind), match[kind], match.start(kind)
        rest = re.sub(r"#[^\n]*", "", self._text[place:]).strip()
        yield ("strange" if rest else "end"), rest[:1], place
        yield "end", "", place

    def take(self, *kinds: str) -> str | None:
        """Return the next token's text and go on, if it is of one of these kinds."""
        kind, text, _ = self._next
        if kind not in kinds:
            return None
        if kind != "end":
            self._next = next(self._tokens)
        return text or kind

    def need(self, *kinds: str) -> str:
        """Do the same, or raise an error that says where the token is."""
        if (text := self.take(*kinds)) is not None:
            return text
        raise self.wrong()

    def wrong(self) -> InputError:
        """Return an error that says where the next token is."""
        line = self._text.count("\n", 0, self._next[2]) + 1
        return InputError(
            f"{self._path} is not a readable R dump: {self._next[1] or 'its end'!r} at line "
            f"{line} is neither a number, c(...) nor structure(c(...), .Dim = c(...)); "
            "write the data as JSON instead."
        )

    def value(self) -> np.ndarray:
        """Read a scalar, a range, a vector or an array."""
        word = self.take("name")
        if word in _EMPTY:
            self.need("(")
            length = int(self._scalar()) if self._next[0] != ")" else 0
            self.need(")")
            return np.zeros(length, _EMPTY[word])
        if word == "c":
            return self._vector()
        if word == "structure":
            return self._structure()
        first = self._scalar(word)
        if self.take(":") is None:
            return np.array(first)
        last = self._scalar()
        if isinstance(first, str) or isinstance(last, str):
            raise self.wrong()
        return np.arange(first, last + 1) if last >= first else np.arange(first, last - 1, -1)

    def _scalar(self, word: str | None = None) -> int | float | str:
        sign = 1
        while word is None and (mark := self.take("-", "+")):
            sign = -sign if mark == "-" else sign
        word = word or self.take("name")
        if word == "NA":
            return "NA"
        if word in _WORDS:
            return sign * _WORDS[word]
        number = self.need("number") if word is None else self.need("a number")
        whole = re.fullmatch(r"\d+L?", number)
        return sign * (int(number.rstrip("L")) if whole else float(number.rstrip("L")))

    def _vector(self) -> np.ndarray:
        self.need("(")
        parts: list[np.ndarray] = []
        while not self.take(")"):
            parts.append(np.atleast_1d(self.value()))
            if self._next[0] != ")":
                self.need(",")
        return np.concatenate(parts) if parts else np.zeros(0)

    def _structure(self) -> np.ndarray:
        self.need("(")
        array = self.value()
        while self.take(","):
            name = self.need("name", "quoted").strip("\"'`")
            self.need("=")
            if name in (".Dim", "dim"):
                shape = self.value().astype(int)
                array = array.reshape(shape, order="F") if shape.prod() == array.size else array
            else:
                self.need("an attribute that is .Dim")
        self.need(")")
        return array
