"""Stage 1: the modes that climbs have ended in."""

import numpy as np
from jaxtyping import Float

from fluvial.inference.climbs.climbing import Optimum
from fluvial.inference.counted_target import CountedTarget
from fluvial.inference.settings import DEFAULT, Settings

__all__ = ["clusters", "differ", "distinct"]


def differ(counted: CountedTarget, optima: list[Optimum], settings: Settings = DEFAULT) -> bool:
    """Whether climbs ended in more than one mode, or at more than one height.

    One that ended lower than another, without a barrier between them, was lost on a rough slope.
    """
    heights = [optimum.log_p for optimum in optima]
    if not heights or max(heights) - min(heights) > settings.climb.barrier:
        return bool(heights)
    return len(distinct(counted, optima, settings)) > 1


def distinct(
    counted: CountedTarget, optima: list[Optimum], settings: Settings = DEFAULT
) -> list[Optimum]:
    """Keep one optimum a mode, the highest first."""
    return [mode[0] for mode in clusters(counted, optima, settings)]


def clusters(
    counted: CountedTarget, optima: list[Optimum], settings: Settings = DEFAULT
) -> list[list[Optimum]]:
    """Gather the optima of each mode; modes, and optima within each, with the highest first.

    Two optima belong to one mode if, on the segment between them, the log density never dips more
    than a nat below the lower of the two. Clusters grow by single linkage, so that the many
    optima along a ridge or a ring are one mode; but two do not become one by way of an optimum far
    below both, from where every way leads up.
    """
    ranked = sorted(optima, key=lambda optimum: -optimum.log_p)
    modes: list[list[Optimum]] = []
    for optimum in ranked:
        joined = [
            mode
            for mode, is_joined in zip(
                modes, _joined(counted, optimum, modes, settings), strict=True
            )
            if is_joined
        ]
        lowest = optimum.log_p + settings.climb.barrier
        merged = [mode for i, mode in enumerate(joined) if i == 0 or mode[0].log_p <= lowest]
        whole = [*(member for mode in merged for member in mode), optimum]
        modes = [mode for mode in modes if all(mode is not other for other in merged)]
        modes.append(sorted(whole, key=lambda member: -member.log_p))
        modes.sort(key=lambda mode: -mode[0].log_p)
    return modes


def _joined(
    counted: CountedTarget, optimum: Optimum, modes: list[list[Optimum]], settings: Settings
) -> list[bool]:
    """Whether each mode is that of the optimum, judged by the members that are nearest to it."""
    near = [_nearest(optimum, mode, settings.climb.neighbors) for mode in modes]
    same = [any(_is_same(optimum, other, settings) for other in mode) for mode in near]
    open_ways = [] if any(same) else [(k, other) for k, mode in enumerate(near) for other in mode]
    if open_ways:
        dips = _dips(counted, optimum, [other for _, other in open_ways], settings)
        for (k, _), dip in zip(open_ways, dips, strict=True):
            same[k] = same[k] or bool(dip <= settings.climb.barrier)
    return same


def _nearest(optimum: Optimum, mode: list[Optimum], count: int) -> list[Optimum]:
    if len(mode) <= count:
        return mode
    away = np.linalg.norm(np.stack([other.x for other in mode]) - optimum.x, axis=1)
    return [mode[i] for i in np.argsort(away, kind="stable")[:count]]


def _is_same(a: Optimum, b: Optimum, settings: Settings) -> bool:
    near = np.abs(a.x - b.x) <= settings.climb.same * (1.0 + np.abs(b.x))
    return bool(near.all())


def _dips(
    counted: CountedTarget, a: Optimum, others: list[Optimum], settings: Settings
) -> Float[np.ndarray, " N"]:
    """How far the density dips, in nats, below the lower end of the segment to each other one."""
    t = np.linspace(0.0, 1.0, settings.climb.segment_points + 2)[1:-1, None, None]
    ends = np.stack([other.x for other in others])
    ways = (1.0 - t) * a.x + t * ends
    values = counted.values(ways.reshape(-1, counted.dim)).reshape(ways.shape[:2])
    lower = np.minimum(a.log_p, [other.log_p for other in others])
    with np.errstate(invalid="ignore"):
        return np.nan_to_num(lower - np.min(values, axis=0), nan=np.inf, posinf=np.inf)
