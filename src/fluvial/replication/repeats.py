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

__all__ = ["explained"]

_CONFIDENCE = 0.99


def explained(
    differences: Sequence[Difference], between_runs: Sequence[Sequence[Difference]]
) -> list[Difference]:
    """Tolerate the differences from the record that are no larger than those between local runs.

    A number or duration is so explained if the recorded value lies within the interval that holds
    a further local one with a probability of 99 %: mean ± t s √(1 + 1/n), with Student's t of
    n − 1 degrees of freedom (Hahn & Meeker 1991, "Statistical Intervals", section 4.7). It is wide
    with few runs. Anything else is explained if it varies between local runs, since no run could
    then agree with the record but by chance. An error never is.

    Args:
        differences: of the first local run from the record.
        between_runs: of each further run (as "local") from the first one (as "recorded").
    """
    if not between_runs:
        return list(differences)
    by_place = [{found.place: found for found in run} for run in between_runs]
    judged = [_judged(difference, by_place) for difference in differences]
    varying = Counter(_output(d) for d in judged if d.cause is Cause.RANDOMNESS)
    total = Counter(map(_output, differences))
    return [
        difference.accepted("others of the same output vary from run to run", Cause.RANDOMNESS)
        if not difference.tolerated
        and difference.kind is not Kind.ERROR
        and 2 * varying[_output(difference)] > total[_output(difference)]
        and all(difference.place not in run for run in by_place)
        else difference
        for difference in judged
    ]


def _output(difference: Difference) -> str:
    """Return which output a difference is in. Rounded numbers are at times the same by chance."""
    return re.split(r", | line ", difference.place)[0]


def _judged(difference: Difference, runs: Sequence[Mapping[str, Difference]]) -> Difference:
    others = [run.get(difference.place) for run in runs]
    varying = [found for found in others if found is not None]
    if difference.kind is Kind.ERROR or (not varying and difference.tolerated):
        return difference
    if not varying:
        return replace(difference, reason=f"{difference.reason}, and the same in every local run")
    numeric = difference.kind in (Kind.NUMBER, Kind.DURATION)
    if not numeric or any(found.kind is not difference.kind for found in varying):
        return difference.accepted("varies by itself from run to run", Cause.RANDOMNESS)
    local = _value(difference.local)
    values = [local, *(local if found is None else _value(found.local) for found in others)]
    low, high = _prediction_interval(values)
    told = f"further local runs would give {low:.4g} to {high:.4g}"
    if low <= _value(difference.recorded) <= high:
        return difference.accepted(f"varies by itself: {told}", Cause.RANDOMNESS)
    reason = f"{difference.reason}; {told}"
    return replace(difference, reason=reason, cause=difference.cause or Cause.RANDOMNESS)


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
