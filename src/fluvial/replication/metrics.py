"""Named metrics of two runs, judged by value and by direction."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import median
from typing import Any

from fluvial.replication.compare.outputs import printed
from fluvial.replication.declared import Metric

__all__ = ["MetricOutcome", "MetricVerdict", "judge_metrics"]


class MetricVerdict(StrEnum):
    """How a metric's local value compares with the recorded one."""

    SAME = "SAME"
    BETTER = "BETTER"
    WORSE = "WORSE"
    DIFFERS = "DIFFERS"
    """Apart by more than it may be, with no good direction declared, or in another order."""
    MISSING = "MISSING"
    """Not found in the recorded outputs, or not in the local ones."""


@dataclass(frozen=True)
class MetricOutcome:
    """A metric in both runs.

    Attributes:
        name: of the metric.
        verdict: how the local value compares.
        recorded: the recorded value; None if it was not found.
        local: the median over the local runs; None if it was not found.
        runs: the value of each local run in which it was found.
        reason: the verdict in a sentence.
    """

    name: str
    verdict: MetricVerdict
    recorded: float | None
    local: float | None
    runs: tuple[float, ...]
    reason: str

    @property
    def passes(self) -> bool:
        """Whether the local run is no worse than what was recorded."""
        return self.verdict in (MetricVerdict.SAME, MetricVerdict.BETTER)

    def content(self) -> dict[str, Any]:
        """Return all of it as JSON can hold it."""
        return {
            "name": self.name,
            "verdict": self.verdict.value,
            "recorded": self.recorded,
            "local": self.local,
            "runs": list(self.runs),
            "reason": self.reason,
        }


def judge_metrics(
    metrics: Sequence[Metric],
    recorded: Sequence[Sequence[Mapping[str, Any]]],
    runs: Sequence[Sequence[Sequence[Mapping[str, Any]]]],
) -> tuple[MetricOutcome, ...]:
    """Judge each metric by value and by direction.

    Args:
        metrics: those declared.
        recorded: the recorded outputs of each code cell.
        runs: the same of each local run.
    """
    texts = [printed(outputs) for outputs in recorded]
    before = {metric.name: metric.find(texts) for metric in metrics}
    after: dict[str, list[float]] = {metric.name: [] for metric in metrics}
    for run in runs:
        texts = [printed(outputs) for outputs in run]
        for metric in metrics:
            if (value := metric.find(texts)) is not None:
                after[metric.name].append(value)
    middle = {name: float(median(found)) if found else None for name, found in after.items()}
    outcomes = []
    for metric in metrics:
        name = metric.name
        verdict, reason = _judged(metric, before, middle)
        values = before[name], middle[name], tuple(after[name])
        outcomes.append(MetricOutcome(name, verdict, *values, reason))
    return tuple(outcomes)


def _judged(
    metric: Metric, before: Mapping[str, float | None], after: Mapping[str, float | None]
) -> tuple[MetricVerdict, str]:
    recorded, local = before[metric.name], after[metric.name]
    if recorded is None or local is None:
        where = "recorded" if recorded is None else "local"
        return MetricVerdict.MISSING, f"Its pattern matches nothing in the {where} outputs."
    if metric.below is not None:
        order = _order(metric, before, after)
        if order is not None:
            return order
    change = local - recorded
    if recorded == local or abs(change) <= metric.tol:
        return MetricVerdict.SAME, f"Within {metric.tol:g} of the recorded value."
    if metric.below is not None and metric.higher_is is None:
        return MetricVerdict.SAME, f"Below {metric.below} in both runs."
    apart = f"{abs(change):.3g} {'more' if change > 0 else 'less'} than recorded"
    if metric.higher_is is None or math.isnan(change):
        return MetricVerdict.DIFFERS, f"{apart}, and {metric.tol:g} was allowed."
    better = (change > 0) == (metric.higher_is == "better")
    return (MetricVerdict.BETTER if better else MetricVerdict.WORSE), f"{apart}."


def _order(
    metric: Metric, before: Mapping[str, float | None], after: Mapping[str, float | None]
) -> tuple[MetricVerdict, str] | None:
    """Return a verdict if the metric is not below the other in both runs."""
    for which, values in (("recorded", before), ("local", after)):
        own, other = values[metric.name], values[str(metric.below)]
        if own is None or other is None:
            return MetricVerdict.MISSING, f"{metric.below} is not found in the {which} outputs."
        if not own < other:
            return MetricVerdict.DIFFERS, (
                f"Not below {metric.below} in the {which} outputs: {own:g} against {other:g}."
            )
    return None
