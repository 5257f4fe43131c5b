"""Dates and times in a text, and whether they are those of a run."""

import re
import time
from datetime import datetime

from fluvial.replication.compare.surroundings import Surroundings

__all__ = ["moment_pattern", "time_of_day_within", "within_run"]

_WEEKDAY = r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*"
_MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*"
_CLOCK = r"\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?"
_ZONE = r"(?:\s?(?:Z|UTC|GMT|[+-]\d\d:?\d\d)(?!\w))?"
_DAY = 86400.0
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_READ = (
    re.compile(r"(?P<year>\d{4})[-/](?P<month>\d\d?)[-/](?P<day>\d\d?)"),
    re.compile(r"(?P<day>\d\d?)\s(?P<name>[A-Z][a-z]{2})[a-z]*\s(?P<year>\d{4})"),
    re.compile(r"(?P<name>[A-Z][a-z]{2})[a-z]*\s+(?P<day>\d\d?),?\s.*?(?P<year>\d{4})"),
)
_TIME = re.compile(r"(\d\d?):(\d\d)(?::(\d\d)(?:[.,](\d+))?)?")


def moment_pattern() -> str:
    """Return a verbose regular expression for a date, with or without a time of day."""
    spaced = [
        rf"(?<![\d-])\d{{4}}([-/])\d\d\2\d\d(?:(?:T|[ ,]+){_CLOCK}{_ZONE})?(?![\d-])",
        rf"{_WEEKDAY},?\s+{_MONTH}\s+\d+\s+{_CLOCK}(?:\s+[A-Z]{{3,4}})?\s+\d{{4}}",
        rf"{_WEEKDAY},\s+\d{{1,2}}\s+{_MONTH}\s+\d{{4}}(?:\s+{_CLOCK}{_ZONE})?",
        rf"{_MONTH}\s+\d{{1,2}},\s+\d{{4}}(?:\s+{_CLOCK})?",
    ]
    # Both separators of 2015-07-04 are alike; without a group of its own that takes two patterns.
    first = spaced.pop(0)
    dashed = first.replace("([-/])", "-").replace(r"\2", "-")
    slashed = first.replace("([-/])", "/").replace(r"\2", "/")
    return "|".join(text.replace(" ", r"\ ") for text in (dashed, slashed, *spaced))


def within_run(text: str, run: Surroundings) -> bool:
    """Whether a date, with or without a time, is one at which a run was going on.

    Example:
        >>> run = Surroundings(started=1e9, ended=1e9 + 60.0)
        >>> within_run("2001-09-09 01:47:00", run), within_run("2001-09-09 05:00:00", run)
        (True, False)
    """
    day = _date(text)
    clock = _TIME.search(text)
    if day is None:
        return False
    if clock is None:
        return any(
            run.started - _DAY <= moment <= run.ended + _DAY for moment in _moments(day, 43200.0)
        )
    seconds, resolution = _seconds(clock)
    return any(run.near_clock(moment, resolution) for moment in _moments(day, seconds))


def time_of_day_within(seconds: float, run: Surroundings) -> bool:
    """Whether a time of day, in seconds since midnight, is one at which a run was going on."""
    today = datetime.fromtimestamp(run.ended)
    days = {today.date(), datetime.fromtimestamp(run.started).date()}
    midnights = [datetime(day.year, day.month, day.day) for day in days]
    return any(
        run.near_clock(moment, 1.0) for day in midnights for moment in _moments(day, seconds)
    )


def _moments(day: datetime, seconds: float) -> tuple[float, float]:
    """Return a moment since the epoch, if it is written in local time and if in UTC."""
    local = time.mktime(day.timetuple()) + seconds
    utc = (day - datetime(1970, 1, 1)).total_seconds() + seconds
    return local, utc


def _date(text: str) -> datetime | None:
    for pattern in _READ:
        if (match := pattern.search(text)) is None:
            continue
        parts = match.groupdict()
        name = parts.get("name")
        month = _MONTHS.index(name.lower()) + 1 if name else int(parts["month"])
        try:
            return datetime(int(parts["year"]), month, int(parts["day"]))
        except ValueError:
            return None
    return None


def _seconds(clock: re.Match[str]) -> tuple[float, float]:
    hours, minutes, seconds, _ = clock.groups()
    return 3600.0 * int(hours) + 60.0 * int(minutes) + float(seconds or 0), 1.0 if seconds else 60.0
