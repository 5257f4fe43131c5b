"""The numbers and the durations in a line of text."""

import math
import re
from dataclasses import dataclass

__all__ = ["Duration", "Number", "Token", "tokens"]


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


Token = str | Number | Duration

_SECONDS = {
    **dict.fromkeys(("ns", "nanosecond", "nanoseconds"), 1e-9),
    **dict.fromkeys(("µs", "μs", "us", "usec", "microsecond", "microseconds"), 1e-6),
    **dict.fromkeys(("ms", "msec", "msecs", "millisecond", "milliseconds"), 1e-3),
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), 1.0),
    **dict.fromkeys(("min", "mins", "minute", "minutes", "m"), 60.0),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), 3600.0),
    **dict.fromkeys(("d", "day", "days"), 86400.0),
}
# On their own these may be meters, hours of study, or dimensions.
_AMBIGUOUS = {"m", "h", "d"}

_DIGITS = r"(?:\d{1,3}(?:,\d{3})+(?:\.\d+)?|(?:0|[1-9]\d*)(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?"
# Not after a closing bracket or a digit, where it is an operator.
_SIGN = r"(?:(?<![\w.)\]])[-+−])?"
# Not inside a word, a version (1.2.3), another number, or a hexadecimal string.
_BEGIN, _END = r"(?<![\w.])", r"(?!\.?\d|\.\w|[A-Za-z_]*\d)"
_UNITS = "|".join(sorted(_SECONDS, key=len, reverse=True))
_CLEAR_UNITS = "|".join(sorted(_SECONDS.keys() - _AMBIGUOUS, key=len, reverse=True))
_PART = rf"{_DIGITS}\s?(?:{_UNITS})(?!\w)"
# In "12s 13ms/step" the second is a duration of its own.
_PARTS = rf"{_PART}(?:,?\s(?:and\s)?{_PART}(?!/\w))+"
_COUNTED = r"(?:it|iter|iteration|step|sample|image|example|token|batch|epoch)(?:s|es)?"

_TOKEN = re.compile(
    rf"""
    (?P<date>{_BEGIN}\d{{4}}-\d\d-\d\d(?!\d))
  | (?P<clock>{_BEGIN}(?:(?P<days>\d+)\sdays?,\s+)?(?P<hours>\d\d?):(?P<minutes>\d\d):
      (?P<rest>\d\d(?:\.\d+)?)(?![:\w]))
  | (?P<decade>{_BEGIN}(?:1[5-9]|20)\d0s\b)
  | (?P<rate>{_BEGIN}(?P<each>{_DIGITS})\s?{_COUNTED}(?:/|\sper\s)(?:s|sec|second)\b)
  | (?P<duration>{_BEGIN}(?:{_PARTS}|{_DIGITS}\s?(?:{_CLEAR_UNITS})(?!\w)))
  | (?P<number>{_SIGN}{_BEGIN}(?:{_DIGITS}{_END}|(?:nan|NaN|NAN|inf|Inf|INF|Infinity)(?!\w)))
    """,
    re.VERBOSE,
)
_NUMBER_AND_UNIT = re.compile(rf"({_DIGITS})\s?({_UNITS})(?!\w)")
# What stands before a number without a unit that is nevertheless a duration.
_LABEL = re.compile(
    r"(?<![A-Za-z])(?:took|elapsed|(?:time|duration|runtime|seconds)(?=.*[:=]|.*\b(?:is|was)\b))"
    r"(?:[\s_]*(?:time|taken|elapsed|in seconds|\((?:s|sec|seconds)\)|\[s\]|is|was))*\s*[:=]?\s*$",
    re.IGNORECASE,
)


def tokens(line: str) -> list[Token]:
    """Split a line into numbers, durations, and the text between them.

    Versions ("1.2.3"), identifiers ("conv2d_1"), dates, hexadecimal strings and numbers with
    leading zeros are text; a sign after a digit or a bracket is an operator. A number after
    "time:", "elapsed", "took" and the like is a duration in seconds; a single number with "m", "h"
    or "d" is not, since it may be meters. White space beside numbers is dropped, and runs of it
    elsewhere shortened, since alignment changes with the numbers' widths.

    Example:
        >>> tokens("accuracy 98.1%  after 1min 3s")
        ['accuracy', Number(value=98.1, text='98.1'), '% after', Duration(seconds=63.0, ...)]
    """
    found: list[Token] = []
    text, end = "", 0
    for match in _TOKEN.finditer(line):
        token = _token(match, line)
        if isinstance(token, str):
            continue
        text = _tidy(line[end : match.start()])
        end = match.end()
        found += [text, token] if text else [token]
    text = _tidy(line[end:])
    return [*found, text] if text else found


def _token(match: re.Match, line: str) -> Token:
    text = match.group()
    match match.lastgroup:
        case "date" | "decade":
            return text
        case "clock":
            return _clock(match)
        case "rate":
            rate = _value(match["each"])
            return Duration(1.0 / rate if rate else math.inf, text)
        case "duration":
            return _duration(text)
    if _LABEL.search(line[max(0, match.start() - 40) : match.start()]):
        return Duration(abs(_value(text)), text)
    return Number(_value(text), text)


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
