"""A published statement, and how it is judged from what was measured."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from fluvial.deprecated import renamed
from fluvial.reproduction.budget import Budget
from fluvial.reproduction.repetition import Repetition
from fluvial.reproduction.rule import ClaimVerdict, Rule

__all__ = ["Claim", "JudgedClaim"]

_CONFIDENCE = 0.95


@dataclass(frozen=True)
class Claim:
    """A published statement with its source, and the rule that judges it.

    Args:
        name: unique within the study, in lower case with hyphens.
        statement: the sentence as published.
        source: where: paper, figure, equation, cell of a notebook.
        published: the value as published, in words where it is not a number; "" if none was given.
        quantity: what is measured, in words, such as "seconds of loops / vectorized".
        rule: where the quantity must lie for the statement to hold.
        unit: of the quantity, such as "nat"; "" for a pure number.
        each: what the measured values are repeated over.

    Example:
        >>> claim = Claim(
        ...     name="vectorized-is-faster",
        ...     statement="The vectorized k-means is much faster.",
        ...     source="class notebook, cell 12",
        ...     published="12 times",
        ...     quantity="seconds with loops over seconds vectorized",
        ...     rule=Rule(low=1.0),
        ...     each=Repetition.REPEATS,
        ... )
        >>> judged = claim.judge([11.2, 12.9, 12.1], Budget.QUICK)
        >>> judged.judgment.value
        'REPRODUCED'
        >>> judged.reason
        'the mean of 3 repeats, 12.07 (95 % interval 9.954 to 14.18), is at least 1.'
    """

    name: str
    statement: str
    source: str
    published: str
    quantity: str
    rule: Rule
    unit: str = ""
    each: Repetition = Repetition.TRAININGS

    def judge(self, values: Iterable[float], budget: Budget) -> "JudgedClaim":
        """Judge the claim from the quantity's values.

        INCONCLUSIVE at the smoke budget; with fewer values than `Repetition.least`; if the rule
        is about an ordering and the values do not come from trainings; if a value is not finite;
        and where the rule leaves it open.

        Args:
            values: one for each repetition, independent of one another; there may be none.
            budget: the one that they were measured at.
        """
        measured = [float(value) for value in values]
        finite = [value for value in measured if math.isfinite(value)]
        mean = float(np.mean(finite)) if finite else math.nan
        spread = float(np.std(finite, ddof=1)) if len(finite) > 1 else math.nan
        open_because = self._open_because(len(finite), len(measured), budget)
        if open_because:
            judgment, reason = ClaimVerdict.INCONCLUSIVE, f"{open_because}."
        else:
            judgment, reason = self._by_rule(mean, spread, len(measured))
        return JudgedClaim(self, judgment, mean, spread, tuple(measured), reason)

    def _open_because(self, finite: int, count: int, budget: Budget) -> str:
        """Say why the values cannot judge the claim, wherever they lie; "" if they can."""
        least = self.each.least(budget)
        if finite < count:
            return f"{count - finite} of {self.each.counted(count)} gave no finite value"
        if least is None:
            return "the smoke budget shows that the study runs, and judges nothing"
        if self.rule.ordering and self.each is not Repetition.TRAININGS:
            return (
                f"what is better takes several trainings to say, and these are {self.each} of the "
                "same ones"
            )
        if count < least:
            needed = f"the {budget} budget needs {self.each.counted(least)}"
            return f"{needed}, and there {'is' if count == 1 else 'are'} {count}"
        return ""

    def _by_rule(self, mean: float, spread: float, count: int) -> tuple[ClaimVerdict, str]:
        from scipy.stats import t

        half = float(t.ppf(0.5 + _CONFIDENCE / 2, count - 1)) * spread / math.sqrt(count)
        lower, upper = mean - half, mean + half
        judgment = self.rule.judge(lower, upper)
        verb = {
            ClaimVerdict.REPRODUCED: "is",
            ClaimVerdict.NOT_REPRODUCED: "is not",
            ClaimVerdict.INCONCLUSIVE: "may or may not be",
        }[judgment]
        unit = f" {self.unit}" if self.unit else ""
        return judgment, (
            f"the mean of {self.each.counted(count)}, {mean:.4g}{unit} (95 % interval "
            f"{lower:.4g} to {upper:.4g}), {verb} {self.rule}."
        )


@dataclass(frozen=True)
class JudgedClaim:
    """A claim, and what was found.

    Attributes:
        claim: the statement and its rule.
        judgment: the verdict.
        measured: the mean of the finite values, in the claim's unit; NaN if none.
        spread: their standard deviation; NaN if there are fewer than two.
        values: one for each repetition.
        reason: why, in one sentence.
    """

    claim: Claim
    judgment: ClaimVerdict
    measured: float
    spread: float
    values: tuple[float, ...]
    reason: str

    judgement = renamed("judgement", "judgment")

    @property
    def seeds(self) -> int:
        """How many values it was judged from."""
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
            "low": claim.rule.low,
            "high": claim.rule.high,
            "ordering": claim.rule.ordering,
            "judgement": self.judgment.value,
            "measured": self.measured,
            "spread": self.spread,
            "values": list(self.values),
            "seeds": self.seeds,
            "each": claim.each.value,
            "reason": self.reason,
        }
