"""Where a measured value must lie for a published statement to hold."""

import math
from dataclasses import dataclass
from enum import StrEnum

__all__ = ["ClaimVerdict", "Rule"]


class ClaimVerdict(StrEnum):
    """What a measurement says of a published statement."""

    REPRODUCED = "REPRODUCED"
    NOT_REPRODUCED = "NOT_REPRODUCED"
    INCONCLUSIVE = "INCONCLUSIVE"


@dataclass(frozen=True)
class Rule:
    """Where the mean of the measured values must lie: from ``low`` to ``high``.

    The mean has a 95 % confidence interval, by Student's t. The claim is reproduced if all of that
    interval is allowed, not reproduced if none of it is, and open otherwise.

    Args:
        low: the least value allowed.
        high: the largest value allowed.
        ordering: whether it says which of several ways to train is better. Then only trainings
            count as repetitions: one training each, however often it is tested, orders nothing.

    Raises:
        ValueError: if there is no bound at all, or nothing between the bounds.

    Example:
        >>> Rule(high=0.02)
        Rule(low=-inf, high=0.02, ordering=False)
    """

    low: float = -math.inf
    high: float = math.inf
    ordering: bool = False

    def __post_init__(self):
        if not self.low < self.high or (math.isinf(self.low) and math.isinf(self.high)):
            raise ValueError(f"a rule needs a bound, and low below high: {self.low}, {self.high}.")

    def judge(self, lower: float, upper: float) -> ClaimVerdict:
        """Judge the interval from ``lower`` to ``upper``."""
        if self.low <= lower and upper <= self.high:
            return ClaimVerdict.REPRODUCED
        if upper < self.low or lower > self.high:
            return ClaimVerdict.NOT_REPRODUCED
        return ClaimVerdict.INCONCLUSIVE

    def __str__(self) -> str:
        if math.isinf(self.low):
            return f"at most {self.high:g}"
        if math.isinf(self.high):
            return f"at least {self.low:g}"
        return f"from {self.low:g} to {self.high:g}"
