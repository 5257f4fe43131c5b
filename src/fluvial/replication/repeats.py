"""What varies by itself from run to run, told apart from what differs from the record."""

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from statistics import fmean, stdev

from fluvial.replication.compare.cause import Cause
from fluvial.replication.compare.difference import Difference, Kind
from fluvial.replication.compare.numbers import Duration, Number, tokens

__all__ = ["ALIKE", "explained"]

ALIKE = "and the same in every local run"
"""What is said of a difference at a place that does not vary."""

_CONFIDENCE = 0.99
_MANY, _SHARE = 3, 0.6
_SMALL_INTEGER = re.compile(r"-?\d{1,3}")


def explained(
    differences: Sequence[Difference], between_runs: Sequence[Sequence[Difference]]
) -> list[Difference]:
    """Tolerate the differences from the record that are no larger than those between local runs.

    A number or duration is so explained if the recorded value lies within the interval that holds
    a further local one with a probability of 99 %: mean ± t s √(1 + 1/n), with Student's t of
    n − 1 degrees of freedom (Hahn & Meeker 1991, "Statistical Intervals", section 4.7). It is wide
    with few runs, and all there is where one of them is infinite or NaN; a recorded value that is
    lies within those of an output that is so elsewhere, in some of the runs. Anything else is
    explained if it varies between local runs, since no run could then agree with the record but by
    chance. An error never is. Of many numbers that vary, a few lie outside of their intervals: no
    more of them than one output of a hundred has by chance.

    Args:
        differences: of the first local run from the record.
        between_runs: of each further run (as "local") from the first one (as "recorded").
    """
    if not between_runs:
        return list(differences)
    # The same values in another style, such as a set in another order, do not vary.
    between_runs = [[found for found in run if not _is_style(found)] for run in between_runs]
    by_place = [{found.place: found for found in run} for run in between_runs]
    unbounded = {_output(found) for run in between_runs for found in run if _turns_infinite(found)}
    judged = [
        _judged(difference, by_place, unbounded=_output(difference) in unbounded)
        for difference in differences
    ]
    random, few_values = _random_outputs(judged, between_runs)
    by_chance = _few_outside(judged)

    def is_random(difference: Difference) -> bool:
        if any(_there(difference.place, run) for run in by_place):
            return _output(difference) in by_chance
        repeats = _SMALL_INTEGER.fullmatch(difference.local) is not None
        return _output(difference) in (random | few_values if repeats else random)

    return [
        difference.accepted("others of the same output vary from run to run", Cause.RANDOMNESS)
        if not difference.tolerated and difference.kind is not Kind.ERROR and is_random(difference)
        else difference
        for difference in judged
    ]


def _random_outputs(
    judged: Sequence[Difference], between_runs: Sequence[Sequence[Difference]]
) -> tuple[set[str], set[str]]:
    """Return the outputs that are random as a whole, and those whose small integers are.

    In the former most of what differs from the record varies from run to run. In the latter the
    runs differ from each other in nearly as many places as from the record; small integers are at
    times the same by chance, as nothing else is.
    """
    apart = Counter(_output(found) for found in judged if not _is_noise(found))
    varying = Counter(_output(found) for found in judged if found.cause is Cause.RANDOMNESS)
    between = Counter(_output(found) for found in between_runs[0] if not _is_noise(found))
    random = {output for output, count in apart.items() if 2 * varying[output] > count}
    alike = {o for o, count in apart.items() if between[o] >= max(count * _SHARE, _MANY)}
    return random, alike


def _few_outside(judged: Sequence[Difference]) -> set[str]:
    """Return the outputs of which no more numbers lie outside of their intervals than by chance."""
    from scipy.stats import binom

    varying = [found for found in judged if found.cause is Cause.RANDOMNESS]
    total = Counter(map(_output, varying))
    outside = Counter(_output(found) for found in varying if not found.tolerated)
    return {
        output
        for output, count in total.items()
        if outside[output] <= binom.ppf(_CONFIDENCE, count, 1.0 - _CONFIDENCE)
    }


def _is_style(difference: Difference) -> bool:
    """Whether two runs say the same in two styles; pictures that differ a little do vary."""
    printed = difference.tolerated and difference.cause is Cause.LIBRARY_PRINTING
    return printed and difference.kind is not Kind.IMAGE


def _is_noise(difference: Difference) -> bool:
    """Whether a difference is of the run itself: its clock, its folders, its memory."""
    return difference.tolerated and difference.cause in (Cause.ENVIRONMENT, Cause.WALL_TIME)


def _output(difference: Difference) -> str:
    """Return which output a difference is in."""
    return re.split(r", | line ", difference.place)[0]


def _turns_infinite(found: Difference) -> bool:
    """Whether a number is finite in one of two runs, and in the other infinite or NaN."""
    finite = {math.isfinite(_value(text)) for text in (found.recorded, found.local)}
    return found.kind is Kind.NUMBER and len(finite) == 2


def _judged(
    difference: Difference, runs: Sequence[Mapping[str, Difference]], *, unbounded: bool
) -> Difference:
    others = [_there(difference.place, run) for run in runs]
    varying = [found for found in others if found is not None]
    if difference.kind is Kind.ERROR or (not varying and difference.tolerated):
        return difference
    if not varying:
        return replace(difference, reason=f"{difference.reason}, {ALIKE}")
    numeric = difference.kind in (Kind.NUMBER, Kind.DURATION)
    if not numeric or any(found.kind is not difference.kind for found in varying):
        return difference.accepted("varies by itself from run to run", Cause.RANDOMNESS)
    local = _value(difference.local)
    values = [local, *(local if found is None else _value(found.local) for found in others)]
    before = _value(difference.recorded)
    if not all(map(math.isfinite, values)) or (unbounded and not math.isfinite(before)):
        reason = "varies by itself, where numbers are not finite in each run"
        return difference.accepted(reason, Cause.RANDOMNESS)
    low, high = _prediction_interval(values)
    told = f"further local runs would give {low:.4g} to {high:.4g}"
    if low <= before <= high:
        return difference.accepted(f"varies by itself: {told}", Cause.RANDOMNESS)
    reason = f"{difference.reason}; {told}"
    return replace(difference, reason=reason, cause=difference.cause or Cause.RANDOMNESS)


def _there(place: str, run: Mapping[str, Difference]) -> Difference | None:
    """Return what differs at a place, or in what the place is a part of."""
    while place not in run and ", " in place:
        place = place.rpartition(", ")[0]
    return run.get(place)


def _prediction_interval(values: Sequence[float]) -> tuple[float, float]:
    from scipy.stats import t

    n = len(values)
    quantile = float(t.ppf(0.5 + _CONFIDENCE / 2, n - 1))
    half = quantile * stdev(values) * math.sqrt(1 + 1 / n)
    return fmean(values) - half, fmean(values) + half


def _value(text: str) -> float:
    for token in tokens(text):
        if isinstance(token, Number):
            return token.value
        if isinstance(token, Duration):
            return token.seconds
    return math.nan
