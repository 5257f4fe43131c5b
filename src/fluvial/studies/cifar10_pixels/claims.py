"""What is claimed of the preparations."""

from collections.abc import Iterator

import numpy as np

from fluvial.reproduction import Claim, Rule, StudyResults
from fluvial.studies.cifar10_pixels.plan import PLANS, USUAL, Preparation

__all__ = ["ENOUGH", "measured", "measured_claims", "unit_name"]

_PAPER = "Rezende & Mohamed 2015, section 6.3"
_OWN = "this project's own question, beyond the paper"
ENOUGH = 1.0
"""Nats that more importance samples may add where there are enough."""


def unit_name(preparation: Preparation, layers: int, seed: int) -> str:
    """The name of the unit of work that trains a preparation with a seed."""
    return f"{preparation.name}-{layers}-seed-{seed}"


def measured(
    results: StudyResults, preparation: Preparation, layers: int, name: str = "nll"
) -> np.ndarray:
    """A value of each training, shape (seeds,)."""
    seeds = results.header["seeds"]
    units = [unit_name(preparation, layers, seed) for seed in seeds]
    return np.array([results.record(unit).values[name] for unit in units], np.float64)


def measured_claims(results: StudyResults) -> Iterator[tuple[Claim, np.ndarray]]:
    """Measure what flows gain with each preparation, and what preparations do to the number."""
    plan = PLANS[results.budget]
    none, longest = plan.layers[0], plan.layers[-1]
    plain = np.stack([measured(results, one, none) for one in plan.preparations])
    gains = plain - np.stack([measured(results, one, longest) for one in plan.preparations])
    for preparation, gain in zip(plan.preparations, gains, strict=True):
        yield _gains(preparation, longest), gain
    yield _outweighs(longest), np.ptp(plain, axis=0) - np.abs(gains).max(axis=0)
    more = measured(results, USUAL, none, "nll_few_samples")
    yield (
        _enough(plan.samples, plan.more_samples),
        more - measured(results, USUAL, none, "nll_more_samples"),
    )


def _gains(preparation: Preparation, layers: int) -> Claim:
    return Claim(
        name=f"{preparation.name}-flow-gains",
        statement=f"A planar flow lowers −ln p(x), with {preparation.told}.",
        source=_PAPER,
        published="",
        quantity=f"−ln p(x) without a flow less that with {layers} planar layers",
        rule=Rule(low=0.0, ordering=True),
        unit="nat",
    )


def _outweighs(layers: int) -> Claim:
    return Claim(
        name="preparation-outweighs-flows",
        statement="How pixels are prepared, and what their scale depends on, moves −ln p(x) by "
        "more than a flow does, so that numbers of different preparations are not comparable.",
        source=_OWN,
        published="",
        quantity="range of −ln p(x) over preparations without a flow, less the largest change "
        f"that {layers} planar layers make with any",
        rule=Rule(low=0.0),
        unit="nat",
    )


def _enough(samples: int, more: int) -> Claim:
    return Claim(
        name="samples-are-enough",
        statement=f"{samples} importance samples are enough for −ln p(x).",
        source=_OWN,
        published="",
        quantity=f"−ln p(x) by {samples} samples less that by {more:,}, of the same patches",
        rule=Rule(high=ENOUGH),
        unit="nat",
    )
