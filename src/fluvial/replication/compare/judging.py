"""Two numbers, or two durations: the difference between them, if any."""

import math
from collections.abc import Iterator

from fluvial.replication.compare.difference import Difference, Kind
from fluvial.replication.compare.tolerance import Tolerance

__all__ = ["duration_difference", "number_difference"]


def number_difference(
    recorded: float,
    local: float,
    recorded_text: str,
    local_text: str,
    tolerance: Tolerance,
    place: str,
    line: int | None,
) -> Iterator[Difference]:
    """Judge two numbers by value; nothing if they are equal, NaN being equal to itself."""
    if recorded == local or (math.isnan(recorded) and math.isnan(local)):
        return
    near = tolerance.near(recorded, local)
    reason = "within the tolerance" if near else "beyond the tolerance"
    yield Difference(
        Kind.NUMBER,
        place,
        line,
        recorded_text,
        local_text,
        _relative(recorded, local),
        near,
        reason,
    )


def duration_difference(
    recorded: float,
    local: float,
    recorded_text: str,
    local_text: str,
    tolerance: Tolerance,
    place: str,
    line: int | None,
) -> Iterator[Difference]:
    """Judge two durations, in seconds, by their ratio; nothing if they are equal."""
    if recorded == local:
        return
    alike = tolerance.alike(recorded, local)
    if 0.0 < recorded < math.inf and 0.0 < local < math.inf:
        ratio = local / recorded
        reason = f"{ratio:.2g} times as long" if ratio >= 1.0 else f"{1 / ratio:.2g} times shorter"
    else:
        reason = "too short to tell" if alike else "not a finite duration"
    yield Difference(
        Kind.DURATION,
        place,
        line,
        recorded_text,
        local_text,
        _relative(recorded, local),
        alike,
        reason,
    )


def _relative(recorded: float, local: float) -> float | None:
    if not (math.isfinite(recorded) and math.isfinite(local)) or recorded == 0.0:
        return None
    return abs(local - recorded) / abs(recorded)
