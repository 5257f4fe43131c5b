"""A published statement, and how it is judged from what was measured."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np

from fluvial.reproduction.budget import Budget

__all__ = ["Claim", "JudgedClaim", "Judgement", "Rule"]

_CONFIDENCE = 0.95


class Judgement(StrEnum):
    """What a measurement says of a published statement."""

    REPRODUCED = "REPRODUCED"
    NOT_REPRODUCED = "NOT_REPRODUCED"
    INCONCLUSIVE = "INCONCLUSIVE"


@dataclass(frozen=True)
class Rule:
    """Where the measured value, one number a seed, must lie: from ``low`` to ``high``.

    Its mean over seeds has a 95 % confidence interval, by Student's t. The claim is reproduced if
    all of that interval is allowed, not reproduced if none of it is, and open otherwise.

    Args:
        low: the least value allowed.
        high: the largest value allowed.

    Raises:
        ValueError: if there is no bound at all, or nothing between the bounds.

    Example:
        >>> Rule(high=0.02)
        Rule(low=-inf, high=0.02)
    """

    low: float = -math.inf
    high: float = math.inf

    def __post_init__(self):
        if not self.low < self.high or (math.isinf(self.low) and math.isinf(self.high)):
            raise ValueError(f"a rule needs a bound, and low below high: {self.low}, {self.high}.")

    def judge(self, lower: float, upper: float) -> Judgement:
        """Judge the interval from ``lower`` to ``upper``."""
        if self.low <= lower and upper <= self.high:
            return Judgement.REPRODUCED
        if upper < self.low or lower > self.high:
            return Judgement.NOT_REPRODUCED
        return Judgement.INCONCLUSIVE

    def __str__(self) -> str:
        if math.isinf(self.low):
            return f"at most {self.high:g}"
        if math.isinf(self.high):
            return f"at least {self.low:g}"
        return f"from {self.low:g} to {self.high:g}"


@dataclass(frozen=True)
class Claim:
    """A published statement with its source, and the rule that judges it.

    Args:
        name: unique within the study, in lower case with hyphens.
        statement: the sentence as published.
        source: where: paper, figure, equation, cell of a notebook.
        published: the value as published, in words where it is no number; "" if none was given.
        quantity: what is measured once a seed, in words, such as "seconds of loops / vectorized".
        rule: where the quantity must lie for the statement to hold.
        unit: of the quantity, such as "nat"; "" for a pure number.
        each: what the measured values belong to, in the plural: seeds, or what else is
            independent, such as parts of a test set where one training takes hours.

    Example:
        >>> claim = Claim(
        ...     name="vectorized-is-faster",
        ...     statement="The vectorized k-means is much faster.",
        ...     source="class notebook, cell 12",
        ...     published="12 times",
        ...     quantity="seconds with loops over seconds vectorized",
        ...     rule=Rule(low=1.0),
        ... )
        >>> judged = claim.judge([11.2, 12.9, 12.1], Budget.QUICK)
        >>> judged.judgement.value
        'REPRODUCED'
        >>> judged.reason
        'the mean of 3 seeds, 12.07 (95 % interval 9.954 to 14.18), is at least 1.'
    """

    name: str
    statement: str
    source: str
    published: str
    quantity: str
    rule: Rule
    unit: str = ""
    each: str = "seeds"

    def judge(self, values: Sequence[float], budget: Budget) -> "JudgedClaim":
        """Judge the claim from the quantity's values, one a seed.

        INCONCLUSIVE at the smoke budget; with fewer seeds than the budget asks for (three at
        quick, five at full); if a value is not finite; and where the rule leaves it open.

        Args:
            values: one for each seed, independent of one another; there may be none.
            budget: the one that they were measured at.
        """
        measured = [float(value) for value in values]
        finite = [value for value in measured if math.isfinite(value)]
        mean = float(np.mean(finite)) if finite else math.nan
        spread = float(np.std(finite, ddof=1)) if len(finite) > 1 else math.nan
        judgement, reason = self._judged(measured, finite, mean, spread, budget)
        return JudgedClaim(self, judgement, mean, spread, tuple(measured), reason)

    def _judged(self, measured, finite, mean, spread, budget) -> tuple[Judgement, str]:
        least, count = budget.least_seeds, len(measured)
        open_because = None
        if len(finite) < count:
            open_because = f"{count - len(finite)} of {count} {self.each} gave no finite value"
        elif least is None:
            open_because = "the smoke budget shows that the study runs, and judges nothing"
        elif count < least:
            open_because = f"the {budget} budget needs {least} {self.each}, and there are {count}"
        if open_because is not None:
            return Judgement.INCONCLUSIVE, f"{open_because}."
        return self._by_rule(mean, spread, count)

    def _by_rule(self, mean: float, spread: float, count: int) -> tuple[Judgement, str]:
        from scipy.stats import t

        half = float(t.ppf(0.5 + _CONFIDENCE / 2, count - 1)) * spread / math.sqrt(count)
        lower, upper = mean - half, mean + half
        judgement = self.rule.judge(lower, upper)
        verb = {
            Judgement.REPRODUCED: "is",
            Judgement.NOT_REPRODUCED: "is not",
            Judgement.INCONCLUSIVE: "may or may not be",
        }[judgement]
        unit = f" {self.unit}" if self.unit else ""
        return judgement, (
            f"the mean of {count} {self.each}, {mean:.4g}{unit} (95 % interval {lower:.4g} to "
            f"{upper:.4g}), {verb} {self.rule}."
        )


@dataclass(frozen=True)
class JudgedClaim:
    """A claim, and what was found.

    Attributes:
        claim: the statement and its rule.
        judgement: the verdict.
        measured: the mean over seeds of the finite values, in the claim's unit; NaN if none.
        spread: their standard deviation; NaN if there are fewer than two.
        values: one for each seed.
        reason: why, in one sentence.
    """

    claim: Claim
    judgement: Judgement
    measured: float
    spread: float
    values: tuple[float, ...]
    reason: str

    @property
    def seeds(self) -> int:
        """How many seeds it was measured with."""
        return len(self.values)

    def content(self) -> dict[str, Any]:
        """Return all of it as JSON can hold it; a number that is not finite stays a float."""
        claim = self.claim
        return {
            "name": claim.name,
            "statement": claim.statement,
            "source": claim.source,
            "published": claim.published,
            "quantity": claim.quantity,
            "unit": claim.unit,
            "rule": str(claim.rule),
            "judgement": self.judgement.value,
            "measured": self.measured,
            "spread": self.spread,
            "values": list(self.values),
            "seeds": self.seeds,
            "each": claim.each,
            "reason": self.reason,
        }
