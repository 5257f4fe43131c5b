"""The numbers and the durations in a line of text."""

import math
import re
from collections.abc import Collection
from dataclasses import dataclass

from fluvial.replication.compare.noise import HINTS, Noise, find_noise

__all__ = ["Duration", "Number", "Token", "located_tokens", "number_from", "plain_parts", "tokens"]


@dataclass(frozen=True)
class Number:
    """A number, and how it is written."""

    value: float
    text: str


@dataclass(frozen=True)
class Duration:
    """A duration in seconds, or the seconds that one of a rate takes, and how it is written."""

    seconds: float
    text: str
    read: bool = False
    """Whether the code that prints it read it off a clock, whatever its unit."""


Token = str | Number | Duration | Noise

_UNITS_OF = {
    86400.0: ("d", "day", "days"),
    3600.0: ("h", "hr", "hrs", "hour", "hours"),
    60.0: ("min", "mins", "minute", "minutes", "m"),
    1.0: ("s", "sec", "secs", "second", "seconds"),
    1e-3: ("ms", "msec", "msecs", "millisecond", "milliseconds"),
    1e-6: ("µs", "μs", "us", "usec", "microsecond", "microseconds"),
    1e-9: ("ns", "nanosecond", "nanoseconds"),
}
_SECONDS = {unit: seconds for seconds, units in _UNITS_OF.items() for unit in units}
# On their own these may be meters, hours of study, or dimensions.
_AMBIGUOUS = {"m", "h", "d"}

_DIGITS = r"(?:\d{1,3}(?:,\d{3})+(?:\.\d+)?|(?:0|[1-9]\d*)(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?"
# Not after a closing bracket or a digit, where it is an operator.
_SIGN = r"(?:(?<![\w.)\]])[-+−])?"
# Not inside a word, a version (1.2.3), another number, or a hexadecimal string.
_BEGIN, _END = r"(?<![\w.])", r"(?!\.?\d|\.\w|[A-Za-z_]*\d)"


def _in_units(*seconds: float, but: Collection[str] = ()) -> str:
    """Return a pattern for a number with one of the units of so many seconds."""
    units = {unit for one in seconds for unit in _UNITS_OF[one]} - set(but)
    return rf"{_DIGITS}\s?(?:{'|'.join(sorted(units, key=len, reverse=True))})(?!\w)"


_THEN = r",?\s(?:and\s)?"
_DAYS, _HOURS, _MINUTES = (f"(?:{_in_units(one)}{_THEN})" for one in (86400.0, 3600.0, 60.0))
# In "12s 13ms/step" the second is a duration of its own.
_REST = rf"(?:{_in_units(1.0)}(?:{_THEN}{_in_units(1e-3)}(?!/\w))?|{_in_units(1e-3)})"
_SEVERAL = "|".join(
    [
        rf"{_DAYS}?{_HOURS}?{_MINUTES}?{_REST}",
        rf"{_DAYS}?{_HOURS}{_in_units(60.0)}",
        rf"{_DAYS}{_in_units(3600.0)}",
    ]
)
_ONE = _in_units(*_UNITS_OF, but=_AMBIGUOUS)
_COUNTED = r"(?:it|iter|iteration|step|sample|image|example|token|batch|epoch)(?:s|es)?"

# The spread, the number of runs and of loops are %timeit's own choice.
_LOOPED = (
    rf"(?:{_DIGITS}\sloops?,\sbest\sof\s\d+:\s)?(?:{_SEVERAL}|{_ONE})"
    rf"(?:\s±\s(?:{_SEVERAL}|{_ONE}))?\sper\sloop(?:\s\([^()]*(?:\([^()]*\)[^()]*)*\))?"
)

_BEFORE_UNIT = r"(?=[\d.,]+(?:[eE][-+]?\d+)?\s?[^\W\d])"
# Most lines have no colon and no loop, and most of their numbers are followed by no letter: those
# are passed over at once.
_LOOP = "per loop"
_TIMER = rf"(?P<looped>{_BEGIN}{_LOOPED})|"
_NUMBERS = rf"""
    (?=[-+−.\d]|nan|NaN|NAN|[iI]nf|INF)(?:
    (?=[.\d])(?: LOOPED
    (?P<date>{_BEGIN}(?:\d{{4}}-\d\d-\d\d|\d\d:\d\d)(?![:\d]))
  | (?P<clock>{_BEGIN}(?:(?P<days>\d+)\sdays?,?\s+)?(?P<hours>\d\d?):(?P<minutes>\d\d):
      (?P<rest>\d\d(?:\.\d+)?)(?![:\w]))
  | (?P<decade>{_BEGIN}(?:1[5-9]|20)\d0s\b)
  | (?P<rate>{_BEGIN}{_BEFORE_UNIT}(?P<each>{_DIGITS})\s?{_COUNTED}(?:/|\sper\s)(?:s|sec|second)\b)
  | (?P<duration>{_BEGIN}{_BEFORE_UNIT}(?:{_SEVERAL}|{_ONE})))
  | (?P<number>{_SIGN}{_BEGIN}(?:{_DIGITS}{_END}|(?:nan|NaN|NAN|inf|Inf|INF|Infinity)(?!\w)))
    )
    """
_TOKEN = re.compile(_NUMBERS.replace("LOOPED", ""), re.VERBOSE)
_TOKEN_OR_TIMER = re.compile(_NUMBERS.replace("LOOPED", _TIMER), re.VERBOSE)
# Of a line without anything that could be part of another token, only numbers have to be read.
_ALL_UNITS = "|".join(sorted({unit for units in _UNITS_OF.values() for unit in units} - _AMBIGUOUS))
_OTHER = re.compile(
    rf"\d\s?(?:{_ALL_UNITS}|[hdm]\s|{_COUNTED}\W)|\d:\d|\d-\d\d-|\d0s\b|nan|NaN|NAN|[iI]nf|INF"
)
_NUMBER = re.compile(rf"(?P<number>{_SIGN}{_BEGIN}{_DIGITS}{_END})")
_LOOPS = re.compile(r"^[\d,]+ loops?, best of \d+: ")
_NUMBER_AND_UNIT = re.compile(rf"({_DIGITS})\s?([^\W\d]+)")
_LABEL_WORD = re.compile(r"took|elapsed|time|duration|seconds", re.IGNORECASE)
_NOT_PLAIN = re.compile(rf"{_OTHER.pattern}|{HINTS}|[\[({{<'\n]|(?i:{_LABEL_WORD.pattern})")
# What stands before a number without a unit that is nevertheless a duration.
_LABEL = re.compile(
    r"(?<![A-Za-z])(?:took|elapsed|(?:time|duration|runtime|seconds)(?=.*[:=]|.*\b(?:is|was)\b))"
    r"(?:[\s_]*(?:time|taken|elapsed|in seconds|\((?:s|sec|seconds)\)|\[s\]|is|was))*\s*[:=]?\s*$",
    re.IGNORECASE,
)


def tokens(line: str) -> list[Token]:
    """Split a line into numbers, durations, and the text between them.

    What may be noise, such as an address or a date, is a token of its own. Versions ("1.2.3"),
    identifiers ("conv2d_1"), "12:30", hexadecimal strings and numbers with leading
    zeros are text; a sign after a digit or a bracket is an operator. A number after
    "time:", "elapsed", "took" and the like is a duration in seconds; a single number with "m", "h"
    or "d" is not, since it may be meters. White space beside numbers is dropped, and runs of it
    elsewhere shortened, since alignment changes with the numbers' widths.

    Example:
        >>> tokens("accuracy 98.1%  after 1min 3s")
        ['accuracy', Number(value=98.1, text='98.1'), '% after', Duration(seconds=63.0, ...)]
    """
    return [token for token, _ in located_tokens(line)]


def located_tokens(line: str) -> list[tuple[Token, int]]:
    """Split a line as ``tokens`` does, and say where in it each token begins."""
    found: list[tuple[Token, int]] = []
    end = 0
    for start, stop, noise in [*find_noise(line), (len(line), len(line), None)]:
        end = _split(line, end, start, found)
        if noise is not None:
            found += [*_text(line, end, start), (noise, start)]
            end = stop
    return [*found, *_text(line, end, len(line))]


def plain_parts(line: str) -> list[str] | None:
    """Split a line that holds text and numbers alone: text, number, text and so on; else None.

    It finds what ``tokens`` does, several times as fast.

    Example:
        >>> plain_parts("epoch 3, loss -0.25"), plain_parts("took 3 s")
        (['epoch ', '3', ', loss ', '-0.25', ''], None)
    """
    return None if _NOT_PLAIN.search(line) else _NUMBER.split(line)


def number_from(text: str) -> Number:
    """Read a number that stands alone."""
    return Number(_value(text), text)


def _split(line: str, begin: int, stop: int, found: list[tuple[Token, int]]) -> int:
    """Add the numbers between two places, and the text before each; return where they end."""
    end = begin
    pattern = _TOKEN if _OTHER.search(line, begin, stop) else _NUMBER
    if _LOOP in line:
        pattern = _TOKEN_OR_TIMER
    labeled = bool(_LABEL_WORD.search(line))
    for match in pattern.finditer(line, begin, stop):
        token = _token(match, line, labeled=labeled)
        if not isinstance(token, str):
            found += [*_text(line, end, match.start()), (token, match.start())]
            end = match.end()
    return end


def _text(line: str, start: int, stop: int) -> list[tuple[Token, int]]:
    text = _tidy(line[start:stop])
    return [(text, start)] if text else []


def _token(match: re.Match, line: str, *, labeled: bool) -> Token:
    text = match.group()
    match match.lastgroup:
        case "date" | "decade":
            return text
        case "looped":
            return Duration(_duration(_LOOPS.sub("", text).split("±")[0]).seconds, text)
        case "clock":
            return _clock(match)
        case "rate":
            rate = _value(match["each"])
            return Duration(1.0 / rate if rate else math.inf, text)
        case "duration":
            return _duration(text)
    value = _value(text)
    if labeled and _LABEL.search(line[max(0, match.start() - 40) : match.start()]):
        return Number(value, text) if value < 0.0 else Duration(value, text)
    return Number(value, text)


def _clock(match: re.Match) -> Duration:
    days, hours, minutes = (int(match[name] or 0) for name in ("days", "hours", "minutes"))
    seconds = 86400 * days + 3600 * hours + 60 * minutes + float(match["rest"])
    return Duration(float(seconds), match.group())


def _duration(text: str) -> Duration:
    parts = _NUMBER_AND_UNIT.findall(text)
    return Duration(sum(_value(number) * _SECONDS[unit] for number, unit in parts), text)


def _value(text: str) -> float:
    return float(text.replace(",", "").replace("−", "-"))


def _tidy(text: str) -> str:
    return " ".join(text.split())
