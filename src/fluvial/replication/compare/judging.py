"""Two numbers, or two durations: the difference between them, if any."""

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Context, Decimal, InvalidOperation

from fluvial.replication.compare.cause import Cause
from fluvial.replication.compare.difference import Difference, Kind
from fluvial.replication.compare.moments import time_of_day_within
from fluvial.replication.compare.numbers import Duration, Number
from fluvial.replication.compare.surroundings import Surroundings
from fluvial.replication.compare.tolerance import Tolerance

__all__ = ["Where", "digits_shown", "duration_difference", "number_difference"]

# Arithmetic in another order moves a number of size one by a few of these.
_EPSILON = 2.0**-52
_LARGEST_EXACT = 2.0**53
_TIMER = re.compile(
    r"per loop|\b(?:wall|cpu) time|\beta\b|/step|s/it\b|it/s\b|s/epoch|<progress>|\bbest of \d"
    r"|(?:fit|score)_time\b",
    re.IGNORECASE,
)
_TIMED = re.compile(
    r"\b(?:took|elapsed|run[ _-]?time|(?:train|fit|test|score|total|execution|training|fitting|"
    r"computation|running|inference|process(?:ing)?|wall)[ _-]?time|time[ _](?:taken|spent|used)|"
    r"(?:finished|done|ran|completed|executed|trained|fitted|built)(?: \w+)? (?:in|after))\b",
    re.IGNORECASE,
)
_CLOCK = re.compile(r"\d\d?:\d\d:\d\d(?:\.\d+)?")
_FEWEST_DECIMALS = 3
# A float's shortest text has no more digits, however it is written.
_MOST_DIGITS = 400
_EXACT = Context(prec=2 * _MOST_DIGITS)
_FURTHER_DECIMALS = 2  # one more may be another number, of data that were typed


@dataclass(frozen=True)
class Where:
    """Where two values stand, and what is near them.

    Attributes:
        place: in the cell, in words.
        line: the recorded line of text or row of a table, from 1; None where there is none.
        near: the text around them, or the header of their column.
        scale: the largest magnitude in the array that both are part of; 0 for no array.
        digits: to how many decimals the array of the recorded one is rounded, if the other's has
            more.
        run: what the local run can print of itself; None where nothing is.
    """

    place: str
    line: int | None
    near: str = ""
    scale: float = 0.0
    digits: int | None = None
    run: Surroundings | None = None


def digits_shown(recorded: Sequence[float], local: Sequence[float]) -> int | None:
    """Return to how many decimals numbers are rounded that others show with more; None if not.

    Fewer than three are too few to tell the same number from another one.

    Example:
        >>> digits_shown([0.7, 0.7071], [0.70001, 0.70711]), digits_shown([0.7], [0.70001])
        (4, None)
    """
    shown, further = (max(map(_decimals, values), default=0) for values in (recorded, local))
    return shown if _FEWEST_DECIMALS <= shown < further else None


def _decimals(value: float) -> int:
    text = repr(value)
    return 0 if "e" in text else len(text.partition(".")[2])


def number_difference(
    recorded: Number, local: Number, tolerance: Tolerance, where: Where
) -> Iterator[Difference]:
    """Judge two numbers by value; nothing if they are equal, NaN being equal to itself.

    They are compared relative to the recorded one. In an array, what is zero but for the rounding
    of its other entries may change its sign.
    """
    a, b = recorded.value, local.value
    if (a == b and _integers(recorded, local, beyond=_LARGEST_EXACT) is None) or (
        math.isnan(a) and math.isnan(b)
    ):
        return
    integers = _integers(recorded, local)
    near = tolerance.near(a, b) if integers is None else tolerance.near_integers(*integers)
    reason, cause = ("within the tolerance", Cause.ROUNDING) if near else _why_apart(a, b)
    shorter = where.digits is not None and round(b, where.digits) == a
    texts = recorded.text, local.text
    finite = math.isfinite(a) and math.isfinite(b)
    if not near and (shorter or (finite and _is_shown_shorter(*texts))):
        near, reason = True, "the same, shown with fewer digits"
        cause = Cause.LIBRARY_PRINTING
    if not near and _is_rounding(a, b, where.scale):
        near, reason = True, "zero but for rounding"
        cause = Cause.ROUNDING
    yield Difference(
        Kind.NUMBER,
        where.place,
        where.line,
        recorded.text,
        local.text,
        _relative(a, b),
        near,
        reason,
        cause,
    )


def _is_shown_shorter(recorded: str, local: str) -> bool:
    """Whether one number is the other one rounded, and has figures enough to tell.

    Either may be written with an exponent; a whole number without one is not rounded.
    """
    if max(len(recorded), len(local)) > _MOST_DIGITS:
        return False
    try:
        short, long = sorted(map(_decimal, (recorded, local)), key=_places)
    except InvalidOperation:  # a duration, with its unit
        return False
    rounded = _places(short) > 0 or short.as_tuple().exponent != 0
    if not rounded or _places(long) - _places(short) < _FURTHER_DECIMALS:
        return False
    if len(short.as_tuple().digits) < _FEWEST_DECIMALS:
        return False
    return any(
        long.quantize(short, way, _EXACT) == short for way in (ROUND_HALF_EVEN, ROUND_HALF_UP)
    )


def _decimal(text: str) -> Decimal:
    return Decimal(text.replace(",", "").replace("−", "-"))


def _places(number: Decimal) -> int:
    """Return the place of a number's last digit behind the point; 0 of what is not finite."""
    exponent = number.as_tuple().exponent
    return -exponent if isinstance(exponent, int) else 0


def _why_apart(recorded: float, local: float) -> tuple[str, Cause | None]:
    if recorded * local < 0.0:
        return "of another sign", None
    return "beyond the tolerance", None


def _integers(recorded: Number, local: Number, beyond: float = -1.0) -> tuple[int, int] | None:
    """Read two numbers that are written as different integers; None if either is not.

    Beyond 2⁵³ a float cannot tell one integer from the next.
    """
    texts = [number.text.replace(",", "").replace("−", "-") for number in (recorded, local)]
    if not all(text.lstrip("+-").isdecimal() for text in texts) or abs(recorded.value) <= beyond:
        return None
    a, b = map(int, texts)
    return None if a == b else (a, b)


def _is_rounding(recorded: float, local: float, scale: float) -> bool:
    """Whether two numbers are what rounding leaves of zero.

    Beside others in an array, rounding is relative to the largest of these. Alone, zero may come
    out as the distance between two neighbors of one.
    """
    largest = max(abs(recorded), abs(local))
    if not (math.isfinite(recorded) and math.isfinite(local)):
        return False
    if 0.0 in (recorded, local) and largest <= _EPSILON:
        return True
    return largest <= 8.0 * _EPSILON * scale and largest < scale


def duration_difference(
    recorded: Duration, local: Duration, tolerance: Tolerance, where: Where, run: Surroundings
) -> Iterator[Difference]:
    """Judge two durations by their ratio if the run took them, and else as numbers of seconds.

    A run took what a known timer prints, or what a library calls so, or may be since the code
    reads a clock; and in any case no longer than it ran. What a notebook itself calls time may else
    be anything: the survival of a patient, the length of a film.
    """
    if recorded.seconds == local.seconds:
        return
    if _CLOCK.fullmatch(local.text) and time_of_day_within(local.seconds, run):
        reason = "the time of the run"
        texts = recorded.text, local.text
        yield Difference(
            Kind.TEXT, where.place, where.line, *texts, None, True, reason, Cause.WALL_TIME
        )
    elif _was_taken(local, where, run):
        resolution = run.printed.resolution if local.read else 0.0
        yield _wall_time(recorded, local, tolerance, where, resolution)
    else:
        numbers = Number(recorded.seconds, recorded.text), Number(local.seconds, local.text)
        yield from number_difference(*numbers, tolerance, where)


def _was_taken(local: Duration, where: Where, run: Surroundings) -> bool:
    """Whether the run itself took a duration, as far as can be told."""
    if local.read or _TIMER.search(where.near) or _TIMER.search(local.text):
        return True
    if not run.could_last(local.seconds):
        return False
    if run.reads_clock:
        return True
    # Who writes the word and reads no clock has the number from elsewhere.
    return any(word not in run.source.lower() for word in _TIMED.findall(where.near.lower()))


def _wall_time(
    recorded: Duration, local: Duration, tolerance: Tolerance, where: Where, resolution: float
) -> Difference:
    a, b = recorded.seconds, local.seconds
    alike = tolerance.alike(a, b, resolution)
    if 0.0 < a < math.inf and 0.0 < b < math.inf:
        ratio = b / a
        reason = f"{ratio:.2g} times as long" if ratio >= 1.0 else f"{1 / ratio:.2g} times shorter"
    else:
        reason = "too short to tell" if alike else "not a finite duration"
    return Difference(
        Kind.DURATION,
        where.place,
        where.line,
        recorded.text,
        local.text,
        _relative(a, b),
        alike,
        reason,
        Cause.WALL_TIME,
    )


def _relative(recorded: float, local: float) -> float | None:
    if not (math.isfinite(recorded) and math.isfinite(local)) or recorded == 0.0:
        return None
    return abs(local - recorded) / abs(recorded)
