"""Are two things the same? Two one-sided tests, and the naive test that cannot tell."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from fluvial.errors import InputError
from fluvial.extras import require

__all__ = ["Equivalence", "equivalence"]

_LEVEL = 0.05


class Equivalence(NamedTuple):
    """What paired differences say of sameness.

    Attributes:
        mean: of the differences.
        low: the lower end of the mean's 90 % interval. The two are equivalent at the level of 5 %
            if, and only if, all of the interval lies within the margins.
        high: its upper end.
        p_equivalent: of the two one-sided tests: small if the mean lies within the margins.
        p_better: of the naive null hypothesis that the mean is positive or zero: small if it is
            negative. A large value is not evidence of equality.
    """

    mean: float
    low: float
    high: float
    p_equivalent: float
    p_better: float

    @property
    def equivalent(self) -> bool:
        """Whether the mean lies within the margins, at the level of 5 %."""
        return self.p_equivalent < _LEVEL


def equivalence(differences: Sequence[float], low: float, high: float) -> Equivalence:
    """Test whether the mean of paired differences lies between two margins.

    Schuirmann, "A comparison of the two one-sided tests procedure and the power approach",
    J. Pharmacokinet. Biopharm. 15 (1987). Where all differences are the same, there is nothing to
    estimate, and the p-values are 0 or 1.

    Args:
        differences: independent of one another, at least two.
        low: the lower margin.
        high: the upper margin.

    Raises:
        InputError: if statsmodels is not installed (the extra "studies"), or there are fewer than
            two differences.

    Example:
        >>> same = equivalence([0.1, -0.2, 0.0, 0.1, -0.1], low=-0.5, high=0.5)
        >>> same.equivalent, round(same.p_better, 2)
        (True, 0.37)
    """
    if len(differences) < 2:
        raise InputError("one difference shows no spread: measure at least two.")
    if np.ptp(differences) == 0.0:
        same = float(differences[0])
        return Equivalence(same, same, same, float(not low < same < high), float(same >= 0.0))
    stats = _weighted_stats()(np.asarray(differences, dtype=np.float64))
    p_equivalent = float(stats.ttost_mean(low, high)[0])
    p_better = float(stats.ttest_mean(0, alternative="smaller")[1])
    lower, upper = (float(end) for end in stats.tconfint_mean(alpha=2 * _LEVEL))
    return Equivalence(float(np.mean(differences)), lower, upper, p_equivalent, p_better)


def _weighted_stats():
    require("studies", "a test of equivalence", "statsmodels")
    from statsmodels.stats.weightstats import DescrStatsW

    return DescrStatsW
