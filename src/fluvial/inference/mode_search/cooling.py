"""Where modes cannot be counted: populations are cooled until each of them was found twice.

Where climbs end in more optima than can be counted, the density is rough, or its modes are a
product. Then populations (see population.py) are cooled: until each mode that holds a share of the
mass has been found by two of them, or by one and by the climbs before. A mode that one of several
independent searches has found, and no other, was found by luck, and others may not have been found
at all (Chao 1987, Biometrics 43, 783). While it cools, a population drifts to the modes that are
wide at a high temperature, the more so the more coordinates there are. So some climb from it on the
way, when it still is everywhere; and in more than a few coordinates all climbs' hits count instead.
"""

import numpy as np
from jaxtyping import Float

from fluvial.inference.climbs.census import Census
from fluvial.inference.climbs.climbing import climb_from
from fluvial.inference.counted_target import CountedTarget
from fluvial.inference.evaluated import density_peaks
from fluvial.inference.mode_search.population import cooled_population, wide_law
from fluvial.inference.settings import ExploreSettings, Settings

__all__ = ["cool_populations", "found_by_luck"]


def cool_populations(
    census: Census,
    counted: CountedTarget,
    points: Float[np.ndarray, "N D"],
    rng: np.random.Generator,
    settings: Settings,
    *,
    confirmed: bool,
) -> int:
    """Cool populations, climb from their peaks, and return how many there were.

    Args:
        census: of modes, to which what climbs end in is added.
        counted: the target.
        points: that span the region to explore.
        rng: decides every draw.
        settings: the thresholds.
        confirmed: whether an earlier fit has found modes, so that one population is enough that
            finds no other.
    """
    wide = wide_law(points, settings)
    known = len(census.mattering(census.modes())) if confirmed else 0
    least = settings.explore.least_runs
    for run in range(settings.explore.most_runs):
        starts = _starts(cooled_population(counted, wide, rng, settings), rng, settings.explore)
        if not len(starts):
            return run
        census.add(climb_from(counted, starts, settings), len(starts), run)
        modes = census.mattering(census.modes())
        lucky = any(len(mode.runs) < least for mode in modes)
        enough = run + 1 >= (1 if confirmed else least)
        if enough and not lucky and len(modes) == known:
            return run + 1
        known = len(modes)
    return settings.explore.most_runs


def found_by_luck(census: Census, populations: int, dim: int, settings: Settings) -> float:
    """How many modes that matter were found by luck."""
    explore, modes = settings.explore, census.mattering(census.modes())
    if populations and dim <= explore.drifting:
        return float(sum(len(mode.runs) < explore.least_runs for mode in modes))
    return float(sum(mode.hits < explore.least_hits for mode in modes))


def _starts(
    cooled: list[tuple[np.ndarray, np.ndarray]],
    rng: np.random.Generator,
    settings: ExploreSettings,
) -> np.ndarray:
    """Points to climb from: the peaks of the coldest population, and some of each warmer one."""
    if not cooled:
        return np.empty((0, 0))
    x, log_p = cooled[-1]
    usable = np.isfinite(log_p)
    peaks = x[usable][density_peaks(x[usable], log_p[usable], settings.peaks)]
    early = int(np.clip(x.shape[1] - settings.drifting, 0, settings.most_early))
    return np.concatenate([peaks, *(x[rng.choice(len(x), early)] for x, _ in cooled[:-1])])
