"""How many draws from the prior are searched for peaks."""

from typing import NamedTuple

from fluvial.inference.black_box.spending import Spending
from fluvial.inference.settings import BlackBoxSettings

__all__ = ["HuntingSize", "hunting_size"]


class HuntingSize(NamedTuple):
    """How many draws from the prior are made.

    Attributes:
        draws: in any case.
        timed: whether a clock has decided that.
        worthwhile: until they would have met nearly all peaks of a stated size, ...
        most: ... and until they would have met so many that a result may be GOOD.
        enforced: whether it has to be so, as there are no climbs along a gradient.
    """

    draws: int
    timed: bool
    worthwhile: int = 0
    most: int = 0
    enforced: bool = False


def hunting_size(
    dim: int, spending: Spending, settings: BlackBoxSettings, *, quick: bool, climbing: bool
) -> HuntingSize:
    """Draws that a budget of evaluations has room for or, without one, that do not take long.

    They go down from the most by powers of four, so that the noise of a clock hardly ever decides.
    However long they take, they are worth half as many evaluations as the search has taken before.

    Args:
        dim: D.
        spending: what has been spent, and is left.
        settings: the limits.
        quick: whether a call may cost next to nothing.
        climbing: whether there is a gradient.
    """
    size = _quick(dim, spending, settings) if quick else HuntingSize(0, timed=False)
    if climbing:
        return size
    most = min(settings.planted_draws, spending.left // 2)
    worthwhile = min(most, spending.counted.evaluations // 2)
    return size._replace(worthwhile=worthwhile, most=most, enforced=True)


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
