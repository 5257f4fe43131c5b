"""How many draws from the prior are searched for peaks."""

from typing import NamedTuple

from fluvial.inference.black_box.spending import Spending
from fluvial.inference.settings import BlackBoxSettings

__all__ = ["HuntingSize", "hunting_size"]


class HuntingSize(NamedTuple):
    """How many draws from the prior are made.

    Attributes:
        draws: to add, to both halves.
        timed: whether a clock has decided that.
    """

    draws: int
    timed: bool


def hunting_size(
    dim: int,
    made: int,
    fresh: float,
    spending: Spending,
    settings: BlackBoxSettings,
    *,
    quick: bool,
) -> HuntingSize:
    """Draws that a budget of evaluations has room for or, without one, that do not take long.

    They go down from the most by powers of four, so that the noise of a clock hardly ever decides.
    However long they take, some thousands are made: a mode between them that no population saw, nor
    a climb along a gradient has ended in, makes a result GOOD and wrong.

    Args:
        dim: D.
        made: draws that populations have begun with.
        fresh: draws of the posterior that will be needed, as far as is known yet.
        spending: what has been spent, and is left.
        settings: the limits.
        quick: whether a call may cost next to nothing.
    """
    size = _quick(dim, spending, settings) if quick else HuntingSize(0, timed=False)
    least = min(max(0, settings.hunting_least - made), _affordable(fresh, spending, settings))
    return size._replace(draws=max(size.draws, least))


def _affordable(fresh: float, spending: Spending, settings: BlackBoxSettings) -> int:
    """Draws that a budget has room for, with what they lead to and with fresh draws."""
    unneeded = spending.rest - int(settings.hunting_reserve * fresh)
    most = spending.left - spending.left // settings.hunting_rest
    return max(spending.left // 2, min(most, unneeded))


def _quick(dim: int, spending: Spending, settings: BlackBoxSettings) -> HuntingSize:
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
