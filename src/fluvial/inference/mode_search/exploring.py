"""Where climbs differ: more of them, or cooled populations, until no further mode is expected.

Climbs cost little, and so they come first: ever more of them, from wider and narrower laws around
what is known, until the modes they end in leave no other to be expected: neither by how often each
was found (see census.py), nor, where looks are not enough, by how many like them would have been
missed (see planting.py). Where these are too many, far more points are looked at (see looking.py).
Where climbs end in more optima than can be counted, populations are cooled (see cooling.py).
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from fluvial.inference.climbs.census import Census, Mode, expected_unseen
from fluvial.inference.climbs.climbing import Optimum, climb_from
from fluvial.inference.climbs.start_law import StartLaw
from fluvial.inference.counted_target import CountedTarget
from fluvial.inference.mode_search.cooling import cool_populations, found_by_luck
from fluvial.inference.mode_search.coordinate_moves import count_sideways
from fluvial.inference.mode_search.further_modes import law_around, planted_like
from fluvial.inference.mode_search.looking import unexplained
from fluvial.inference.mode_search.missed_modes import expected_missed, expected_others
from fluvial.inference.mode_search.planting import aimed, log_widths_of, width_sought
from fluvial.inference.settings import DEFAULT, ExploreSettings, Settings

__all__ = ["CLIMBS", "Explored", "explore"]

_MOVED = 2  # definition: the most coordinates of a look along some (see coordinate_moves.py)
CLIMBS = -1  # definition: a run's number
"""The run of a census that is not a population, but the climbs before."""
_LEAST_NUMBER = 0.001  # wording: of fewer modes no number is said
_EARLIER = -2  # definition: the number of an earlier fit's run


class Explored(NamedTuple):
    """What was found.

    Attributes:
        ends: optima that climbs reached, each of them once.
        missed: modes that matter and were not found, by expectation.
        doubtful: whether that is too many.
        sentence: what was done, and what it found.
    """

    ends: list[Optimum]
    missed: float
    doubtful: bool
    sentence: str


def explore(
    counted: CountedTarget,
    starts: Float[np.ndarray, "N D"],
    ends: list[Optimum],
    rng: np.random.Generator,
    settings: Settings = DEFAULT,
    *,
    confirmed: Sequence[Optimum] = (),
) -> Explored:
    """Climb from more and more points, and cool populations where that does not settle it.

    Args:
        counted: the target.
        starts: that span the region to explore, together with what climbs from them ended in.
        ends: of these climbs.
        rng: decides every draw.
        settings: the thresholds.
        confirmed: optima in modes that an earlier fit has found; with them one population is
            enough that finds no other mode.
    """
    census = Census(counted, settings)
    census.add(ends, len(ends), CLIMBS)
    for run in (CLIMBS, _EARLIER) if confirmed else ():
        census.add(list(confirmed), len(confirmed), run)
    climbed = _climbed(census, counted, starts, rng, settings)
    populations = 0
    if climbed is None:
        points = np.concatenate([starts, [end.x for end in ends]])
        populations = cool_populations(
            census, counted, points, rng, settings, confirmed=bool(confirmed)
        )
        missed = found_by_luck(census, populations, counted.dim, settings)
        doubtful = missed > settings.explore.missed
    else:
        missed, doubtful = climbed
    sentence = _sentence(census, populations, missed, settings.explore)
    return Explored(census.optima, missed, doubtful, sentence)


def _sentence(census: Census, populations: int, missed: float, explore: ExploreSettings) -> str:
    """Say how modes were looked for, how many were found, and how many more there may be."""
    modes = census.mattering(census.modes())
    count = len(modes)
    parts = [f"{census.climbs:,} climbs"]
    parts += [f"{census.looks:,} looks"] if census.looks else []
    parts += [f"{populations} cooled populations"] if populations else []
    searched = " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)
    found = f"{searched} found {'one mode' if count == 1 else f'{count} modes'} that matter"
    found += "s." if count == 1 else "."
    if not np.isfinite(missed):
        return f"{found} How many others they missed could not be estimated."
    number = f"{missed:.2g}" if missed >= _LEAST_NUMBER else f"fewer than {_LEAST_NUMBER}"
    number = number if missed else "no"
    if not census.looks:
        return f"{found} By an estimate, they missed {number} others."
    sought = width_sought(log_widths_of([mode.gaussian for mode in modes]), explore)
    wide = f" at least {sought:.2g} times as wide as these"
    return f"{found} By an estimate, they missed {number} others{wide}."


def _climbed(
    census: Census,
    counted: CountedTarget,
    starts: Float[np.ndarray, "N D"],
    rng: np.random.Generator,
    settings: Settings,
) -> tuple[float, bool] | None:
    """Climb until no other mode is to be expected; None where modes cannot be counted.

    They cannot where there are too many low optima, or where evaluations end before.

    Returns:
        How many are to be expected, and whether that is too many.
    """
    explore = settings.explore
    most = explore.most_on_host if counted.target.on_host else explore.most_evaluations
    began, count, missed = counted.evaluations, explore.first_climbs, np.inf
    quick = counted.seconds_each * explore.most_looks <= explore.looking_seconds
    looking = quick and not counted.target.costly
    modes = census.modes()
    while counted.evaluations - began < most and census.climbs < explore.most_climbs:
        law = law_around(starts, modes, settings)
        points = law.sample(count, rng)
        census.add(climb_from(counted, points, settings), count, CLIMBS)
        modes = census.modes()
        found = len(modes) + census.low
        if expected_unseen(explore.most_climbs, found) > explore.unseen:
            return None
        unseen = expected_unseen(census.climbs, found)
        if unseen <= explore.unseen:
            missed = _missed(census, counted, census.mattering(modes), law, rng, settings)
            if missed <= explore.missed:
                return missed, False
            if looking:
                looking, by_looks = False, _looked(census, counted, starts, rng, settings)
                modes = census.modes()
                if by_looks is not None:
                    return by_looks, by_looks > _tolerated(census.mattering(modes), explore)
        count = min(2 * count, explore.most_climbs - census.climbs)
    return (missed, missed > explore.missed) if np.isfinite(missed) else None


def _looked(
    census: Census,
    counted: CountedTarget,
    starts: Float[np.ndarray, "N D"],
    rng: np.random.Generator,
    settings: Settings,
) -> float | None:
    """Look until many looks have found no other mode, and say how many they leave to be expected.

    None where looks do not tell.
    """
    explore, rounds, told = settings.explore, settings.explore.look_rounds, None
    modes, law, looks = _aimed(census, starts, rng, settings)
    while rounds > 0:
        rounds -= 1
        points = unexplained(counted, modes, law, explore.looks, rng, settings)
        census.looks += explore.looks
        if len(points):
            census.add(climb_from(counted, points, settings), 0, CLIMBS)
            if len(census.mattering(census.modes())) > len(modes):
                modes, law, looks = _aimed(census, starts, rng, settings)
                told = None
                continue
            if len(points) == explore.suspects:  # there may have been more, in another mode
                return None
        looks += explore.looks
        if looks == explore.most_looks:
            places = max(explore.predicted // len(modes), explore.places)
            planted = planted_like(modes, law, rng, settings, looks=True, predicted=places)
            told, later = (
                expected_others(law, planted, n) for n in (looks, explore.settling_looks)
            )
            tolerated = _tolerated(modes, explore)
            if told <= tolerated or later > tolerated:
                break
            rounds, told = (explore.settling_looks - looks) // explore.looks, later
    return np.inf if told is None else told


def _tolerated(modes: list[Mode], explore: ExploreSettings) -> float:
    """How many modes looks may have missed: more where many widths are known."""
    limits = explore.missed_by_looks
    return limits[min(max(len(modes) - 2, 0), len(limits) - 1)]


def _aimed(
    census: Census,
    starts: Float[np.ndarray, "N D"],
    rng: np.random.Generator,
    settings: Settings,
) -> tuple[list[Mode], StartLaw, int]:
    """The modes that matter, where to look for others like them, and no looks at all so far."""
    modes = census.mattering(census.modes())
    law = law_around(starts, modes, settings, settings.explore.look_factors)
    planted = planted_like(modes, law, rng, settings, looks=True)
    return modes, aimed(law, planted, settings), 0


def _missed(
    census: Census,
    counted: CountedTarget,
    modes: list[Mode],
    law: StartLaw,
    rng: np.random.Generator,
    settings: Settings,
) -> float:
    """How many modes like these the climbs have missed, where nothing else looks for them."""
    if len(modes) < 2 or _looked_along(counted, modes, settings):
        return 0.0
    return expected_missed(law, planted_like(modes, law, rng, settings), census.climbs)


def _looked_along(counted: CountedTarget, modes: list[Mode], settings: Settings) -> bool:
    """Whether looks find modes that differ as these do: in few coordinates, of few or of all."""
    if counted.dim <= settings.explore.well_seen:
        return True
    if not count_sideways(counted, settings):
        return False
    heads = np.stack([mode.head.x for mode in modes])
    sd = np.stack([np.linalg.norm(mode.gaussian.cholesky, axis=1) for mode in modes]).max(axis=0)
    return int(np.sum(np.ptp(heads, axis=0) > sd)) <= _MOVED
