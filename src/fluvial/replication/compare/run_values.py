"""Values that a run has of itself: the time on its clock, its folders, identifiers that it drew."""

from datetime import date, datetime
from typing import Any

from fluvial.replication.compare.cause import Cause
from fluvial.replication.compare.noise import Noise, find_noise, why_noise
from fluvial.replication.compare.reprs import Made
from fluvial.replication.compare.surroundings import Surroundings

__all__ = ["why_of_run"]

_AROUND = ("", "")
_TYPES = {"datetime": datetime, "date": date}


def why_of_run(recorded: Any, local: Any, run: Surroundings) -> tuple[str, Cause] | None:
    """Say why two values are those of two runs, and mean the same; None if they do not.

    Args:
        recorded: a text, or a date as ``parsed`` reads it.
        local: likewise.
        run: the local run.

    Example:
        >>> run = Surroundings(started=1e9, ended=1e9 + 60.0)
        >>> why_of_run("2001-01-01 10:00", "2001-09-09 01:46:50", run)
        ('the time of the run', <Cause.WALL_TIME: 'wall time'>)
        >>> why_of_run("2001-01-01 10:00", "2001-02-02 10:00", run) is None
        True
    """
    noise = _noise(recorded), _noise(local)
    if noise[0] is None or noise[1] is None or noise[0].kind is not noise[1].kind:
        return None
    return why_noise(noise[0], noise[1], _AROUND, _AROUND, run)


def _noise(value: Any) -> Noise | None:
    """Return what a value is as a whole that no two runs have in common; None if it is not."""
    text = _written(value) if isinstance(value, Made) else value
    if not isinstance(text, str):
        return None
    found = list(find_noise(text))
    whole = len(found) == 1 and found[0][:2] == (0, len(text))
    return found[0][2] if whole else None


def _written(made: Made) -> str | None:
    if made.name not in _TYPES or made.keywords:
        return None
    try:
        return str(_TYPES[made.name](*made.arguments))
    except (TypeError, ValueError):  # of no calendar
        return None
