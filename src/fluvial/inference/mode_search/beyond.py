"""Where all climbs have ended in one mode: whether others may have been missed.

In many coordinates the widest mode takes all climbs. Far more points than these are looked at,
where modes like the one that is known would be seen, and how many of those they would miss is said.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from fluvial.inference.climbs.census import Census
from fluvial.inference.climbs.climbing import Optimum, climb_from
from fluvial.inference.counted_target import CountedTarget
from fluvial.inference.mode_search.exploring import CLIMBS
from fluvial.inference.mode_search.far_looks import looks_before
from fluvial.inference.mode_search.further_modes import law_around, planted_like
from fluvial.inference.mode_search.looking import unexplained
from fluvial.inference.mode_search.missed_modes import share_missed
from fluvial.inference.mode_search.planting import aimed
from fluvial.inference.settings import DEFAULT, Settings

__all__ = ["Beyond", "look_beyond"]

_LEAST_SHARE = 0.001  # wording: less is not said as a number, nor is all but less


class Beyond(NamedTuple):
    """What was found beyond the one mode in which all climbs have ended.

    Attributes:
        ends: of climbs, if they ended in another mode that matters; else nothing.
        sentence: how modes were looked for, where that found nothing.
    """

    ends: list[Optimum]
    sentence: str


def look_beyond(
    counted: CountedTarget,
    starts: Float[np.ndarray, "N D"],
    ends: list[Optimum],
    rng: np.random.Generator,
    settings: Settings = DEFAULT,
) -> Beyond:
    """Climb from where the one mode in which all climbs have ended does not explain the density.

    Args:
        counted: the target.
        starts: that span the region to look at.
        ends: of climbs from them.
        rng: decides where to look.
        settings: the thresholds.
    """
    sentence = f"{len(ends)} climbs from different starts found no second mode"
    looks = settings.explore.first_looks if looks_before(counted, settings) else 0
    census = Census(counted, settings)
    census.add(ends, len(ends), CLIMBS)
    modes = census.modes() if looks else []
    if not modes:
        return Beyond([], f"{sentence}.")
    law = law_around(starts, modes, settings, settings.explore.look_factors)
    places = settings.explore.first_places
    planted = planted_like(modes, law, rng, settings, looks=True, predicted=places)
    law = aimed(law, planted, settings)
    points = unexplained(counted, modes, law, looks, rng, settings)
    beyond = climb_from(counted, points, settings) if len(points) else []
    census.add(beyond, len(beyond), CLIMBS)
    if len(census.mattering(census.modes())) > 1:
        return Beyond(beyond, f"{sentence}.")
    missed = share_missed(law, planted, looks)
    share = f"{missed:.1%}" if missed >= _LEAST_SHARE else f"less than {_LEAST_SHARE:.1%}"
    share = "nearly all" if missed > 1.0 - _LEAST_SHARE else share
    wide = settings.explore.narrowest_sought
    sentence += (
        f", and neither did {looks:,} looks. By an estimate, these looks would miss {share} "
    )
    return Beyond([], sentence + f"of other modes like it that are at least {wide} times as wide.")
