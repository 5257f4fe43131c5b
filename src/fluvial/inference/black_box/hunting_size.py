"""How many draws from the prior are searched for peaks."""

from typing import NamedTuple

from fluvial.inference.black_box.spending import Spending
from fluvial.inference.settings import BlackBoxSettings

__all__ = ["HuntingSize", "hunting_size"]


class HuntingSize(NamedTuple):
    """How many draws from the prior are made, and whether a clock has decided that."""

    draws: int
    timed: bool


def hunting_size(dim: int, spending: Spending, settings: BlackBoxSettings) -> HuntingSize:
    """Draws that a budget of evaluations has room for or, without one, that do not take long.

    They go down from the most by powers of four, so that the noise of a clock hardly ever decides.
    """
    most = settings.hunting_draws[min(dim, len(settings.hunting_draws)) - 1]
    room = spending.left // 4
    counted = _reduced(most, room, settings)
    if spending.counts_only:
        return HuntingSize(counted, timed=False)
    found = _reduced(most, min(spending.quick(settings.hunting_seconds), room), settings)
    return HuntingSize(found, timed=found < counted)


def _reduced(most: int, affordable: int, settings: BlackBoxSettings) -> int:
    while most > affordable:
        most //= 4
    return most if most >= settings.first_least else 0
