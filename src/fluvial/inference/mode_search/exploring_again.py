"""Where there is another mode than climbs ended in: whether there are yet others.

What was said of modes that climbs have missed was said of others like those that were known. One
that only a search outside the fit has found, or a mixture as it grew, is narrower than these, or
farther off; and where there is one, there may be more. So modes are looked for once more, as they
are where climbs differ.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from jaxtyping import Float

from fluvial.inference.climbs.census import Census
from fluvial.inference.climbs.climbing import Optimum, climb_from
from fluvial.inference.counted_target import CountedTarget
from fluvial.inference.mode_search.exploring import CLIMBS, Explored, explore
from fluvial.inference.settings import DEFAULT, Settings

__all__ = ["explore_again"]


def explore_again(
    counted: CountedTarget,
    starts: Float[np.ndarray, "N D"],
    ends: Sequence[Optimum],
    places: Float[np.ndarray, "P D"],
    rng: np.random.Generator,
    settings: Settings = DEFAULT,
) -> Explored | None:
    """Look for modes as where climbs differ, if there is one that they did not end in.

    Args:
        counted: the target.
        starts: that span the region to explore, together with what climbs from them ended in.
        ends: of all climbs that were made for modes.
        places: where an approximation has its components, or a search has found that it lacks one.
        rng: decides every draw.
        settings: the thresholds.

    Returns:
        What was found; None where the places are in no other mode that matters, in few coordinates,
        of which searches see all, and in so many that modes cannot be counted.
    """
    if not settings.explore.well_seen < counted.dim <= settings.explore.max_dim:
        return None
    known = [end for end in ends if end.converged]
    before = _modes_that_matter(counted, known, settings)
    both = [*known, *climb_from(counted, places, settings)]
    if not 0 < before < _modes_that_matter(counted, both, settings):
        return None
    found = explore(counted, starts, both, rng, _seen_after(settings))
    sentence = (
        f"Climbs had not ended in all modes, and others were looked for once more: {found.sentence}"
    )
    return found._replace(sentence=sentence)


def _seen_after(settings: Settings) -> Settings:
    """What is sought beside a second mode that looks after the fit have found."""
    explore = settings.explore
    limits = (explore.missed_again, *explore.missed_by_looks[1:])
    changed = replace(explore, widest_sought=explore.widest_again, missed_by_looks=limits)
    return replace(settings, explore=changed)


def _modes_that_matter(counted: CountedTarget, ends: list[Optimum], settings: Settings) -> int:
    census = Census(counted, settings)
    census.add(ends, len(ends), CLIMBS)
    return len(census.mattering(census.modes()))
