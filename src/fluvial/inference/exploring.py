"""Where climbs differ: populations are cooled until every mode that matters was found twice.

A mode that one of several independent searches has found, and no other, was found by luck, and
others may not have been found at all (Chao 1987, Biometrics 43, 783, estimates their number from
those seen once and twice). So populations (see population.py) are cooled until each mode that holds
a share of the mass has been found by two of them, or by one and by the climbs before.

While it cools, a population drifts to the modes that are wide at a high temperature, the more so
the more coordinates there are. So some climb from it on the way, when it still is everywhere.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from fluvial.inference.counted_target import CountedTarget
from fluvial.inference.evaluated import density_peaks
from fluvial.inference.laplace import laplace_or
from fluvial.inference.population import cooled_population, wide_law
from fluvial.inference.settings import DEFAULT, ExploreSettings, Settings
from fluvial.inference.starts import Optimum, clusters, maximize
from fluvial.posterior.gaussian import Gaussian

__all__ = ["Explored", "climb_from", "explore"]


_CLIMBS = -1  # the run that is no population, but the climbs before
_EARLIER = -2  # and that of an earlier fit


class Explored(NamedTuple):
    """What populations found.

    Attributes:
        ends: optima that climbs from their peaks reached, each of them once.
        lucky: modes that matter and that one population found alone, or the first climbs did.
    """

    ends: list[Optimum]
    lucky: int


def climb_from(
    counted: CountedTarget, points: Float[np.ndarray, "N D"], settings: Settings = DEFAULT
) -> list[Optimum]:
    """Climb from each point, and return where the climbs ended."""
    ends = [maximize(counted, Gaussian(x, np.eye(counted.dim)), settings) for x in points]
    return [end for end in ends if end is not None]


def explore(
    counted: CountedTarget,
    points: Float[np.ndarray, "N D"],
    ends: list[Optimum],
    rng: np.random.Generator,
    settings: Settings = DEFAULT,
    *,
    confirmed: Sequence[Optimum] = (),
) -> Explored:
    """Cool populations, and climb from their peaks.

    Args:
        counted: the target.
        points: that span the region to explore.
        ends: of climbs before this.
        rng: decides every draw.
        settings: the thresholds.
        confirmed: optima in modes that an earlier fit has found; with them one population is
            enough that finds no other mode.
    """
    wide = wide_law(points, settings)
    found: list[tuple[Optimum, set[int]]] = [(end, {_CLIMBS, _EARLIER}) for end in confirmed]
    for end in ends:
        _note(found, end, _CLIMBS, settings.explore.same)
    before = len(found)
    known, lucky = len(_runs_of_modes(counted, found, settings)) if confirmed else 0, 0
    for run in range(settings.explore.most_runs):
        starts = _starts(cooled_population(counted, wide, rng, settings), rng, settings.explore)
        if not len(starts):
            break
        for end in climb_from(counted, starts, settings):
            _note(found, end, run, settings.explore.same)
        runs = _runs_of_modes(counted, found, settings)
        least = settings.explore.least_runs
        lucky = sum(len(seen) < least for seen in runs)
        if run + 1 >= (1 if confirmed else least) and not lucky and len(runs) == known:
            break
        known = len(runs)
    return Explored([end for end, _ in found[before:]], lucky)


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


def _note(found: list[tuple[Optimum, set[int]]], end: Optimum, run: int, same: float) -> None:
    for other, runs in found:
        if np.allclose(other.x, end.x, rtol=same, atol=same):
            runs.add(run)
            return
    found.append((end, {run}))


def _runs_of_modes(
    counted: CountedTarget, found: list[tuple[Optimum, set[int]]], settings: Settings
) -> list[set[int]]:
    """For each mode that matters, the runs that found it."""
    optima = [optimum for optimum, _ in found if optimum.converged]
    runs = {id(optimum): seen for optimum, seen in found}
    modes = clusters(counted, optima, settings)
    heads = [max(mode, key=lambda optimum: optimum.log_p) for mode in modes]
    masses = np.array(
        [
            head.log_p + laplace_or(counted, head.x, head.gaussian, settings).log_det
            for head in heads
        ]
    )
    matter = masses > masses.max(initial=-np.inf) + np.log(settings.explore.matters)
    return [
        set[int]().union(*(runs[id(optimum)] for optimum in mode))
        for mode, matters in zip(modes, matter, strict=True)
        if matters
    ]
