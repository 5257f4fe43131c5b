"""How many modes climbs or looks have missed, from how often they would have met planted ones."""

import numpy as np

from fluvial.inference.climbs.start_law import StartLaw
from fluvial.inference.mode_search.planting import Planted

__all__ = ["expected_missed", "expected_others", "share_missed"]


def expected_missed(law: StartLaw, planted: Planted, climbs: int) -> float:
    """Return how many modes like the known ones so many climbs have missed, by expectation.

    Args:
        law: of the starts.
        planted: what ``plant`` returned.
        climbs: from independent starts.

    Example:
        >>> law = StartLaw(np.zeros((1, 2)), np.ones((1, 2)), np.ones(1))
        >>> round(expected_missed(law, np.full((2, 5, 1), 0.01), 100), 2)
        1.15
        >>> expected_missed(law, np.zeros((2, 5, 1)), 100)
        inf
    """
    found = np.mean(1.0 - (1.0 - planted @ law.shares) ** climbs, axis=1)
    with np.errstate(divide="ignore"):
        return float(np.sum((1.0 - found) / found))


def expected_others(law: StartLaw, planted: Planted, looks: int) -> float:
    r"""Return how many modes so many looks have missed, of widths as they are predicted.

    If looks see a mode of the population with probability 1 - m, and w are known, then there are

    .. math:: \frac{(w + 1)\, m}{1 - m}

    others by expectation, where all numbers of modes are alike a priori: how many are not seen has
    a negative binomial distribution.

    Args:
        law: of the looks.
        planted: what ``plant`` returned, of widths as they are predicted.
        looks: how many.

    Example:
        >>> law = StartLaw(np.zeros((1, 2)), np.ones((1, 2)), np.ones(1))
        >>> round(expected_others(law, np.full((2, 5, 1), 0.01), 100), 2)
        1.73
    """
    missed = share_missed(law, planted, looks)
    return (len(planted) + 1) * missed / (1.0 - missed) if missed < 1.0 else np.inf


def share_missed(law: StartLaw, planted: Planted, looks: int) -> float:
    """Return which share of planted modes so many looks would miss, by expectation.

    Args:
        law: of the looks.
        planted: what ``plant`` returned.
        looks: how many.

    Example:
        >>> law = StartLaw(np.zeros((1, 2)), np.ones((1, 2)), np.ones(1))
        >>> round(share_missed(law, np.full((1, 5, 1), 0.01), 100), 2)
        0.37
    """
    return float(np.mean((1.0 - planted @ law.shares) ** looks))
