"""Whether a point lies on the slopes of a mode that is known, from where no climb need be made.

It does if the density does not dip on the straight way from the point to the mode's center, and is
no higher there than the approximation has it: a climb would end in that mode. Where the way dips,
it may only be bent, as along a banana, or lead out of another mode.

A climb that takes long has mostly come to such a slope long before it ends.
"""

from dataclasses import replace
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float

from fluvial.inference.climbing import Optimum, climb
from fluvial.inference.counted_target import CountedTarget
from fluvial.inference.modes import dips
from fluvial.inference.settings import DEFAULT, Settings
from fluvial.posterior.mixture import Mixture

__all__ = ["Tops", "climb_off_slopes", "on_slopes"]


class Tops(NamedTuple):
    """Where climbs went.

    Attributes:
        ends: of each climb, or None if that is not a finite point.
        known: whether a climb came to the slopes of a known mode, and was not gone on with.
    """

    ends: list[Optimum | None]
    known: Bool[np.ndarray, " N"]


def climb_off_slopes(
    counted: CountedTarget,
    q: Mixture,
    log_evidence: float,
    starts: Float[np.ndarray, "N D"],
    factor: Float[np.ndarray, "D D"],
    settings: Settings = DEFAULT,
) -> Tops:
    """Climb from each start; of climbs that take long, go on with those off all slopes alone.

    Args:
        counted: the target.
        q: the approximation.
        log_evidence: ln Z as estimated from q, in nats.
        starts: shape (N, D).
        factor: see ``climb``.
        settings: the thresholds.
    """
    most = min(settings.search.unchecked, settings.climb.iterations)
    short = replace(settings, climb=replace(settings.climb, iterations=most))
    ends = climb(counted, starts, factor, short)
    on_way = [i for i, end in enumerate(ends) if end is not None and not end.converged]
    points = np.reshape([end.x for end in ends if end and not end.converged], (-1, q.dim))
    known = np.zeros(len(ends), bool)
    known[on_way] = on_slopes(counted, q, log_evidence, points, settings)
    left = ~known[on_way]
    if left.any():
        further = climb(counted, points[left], factor, settings)
        for i, end in zip(np.array(on_way)[left], further, strict=True):
            ends[i] = end
    return Tops(ends, known)


def on_slopes(
    counted: CountedTarget,
    q: Mixture,
    log_evidence: float,
    points: Float[np.ndarray, "N D"],
    settings: Settings = DEFAULT,
) -> Bool[np.ndarray, " N"]:
    """Say of each point whether it lies on the slopes of one of q's components.

    Args:
        counted: the target.
        q: the approximation.
        log_evidence: ln Z as estimated from q, in nats.
        points: shape (N, D).
        settings: the thresholds.
    """
    if not len(points):
        return np.zeros(0, bool)
    centers = np.stack([component.gaussian.mean for component in q.components])
    joint = [component.gaussian.log_prob(points) for component in q.components]
    nearest = np.argmax(np.stack(joint, axis=1) + np.log(q.weights), axis=1)
    excess = counted.values(centers) - q.log_prob(centers) - log_evidence
    explained = np.isfinite(excess) & (excess <= settings.search.excess)
    t = np.linspace(0.0, 1.0, settings.climb.segment_points + 2)[:, None, None]
    ways = (1.0 - t) * points + t * centers[nearest]
    heights = counted.values(ways.reshape(-1, counted.dim)).reshape(ways.shape[:2])
    return explained[nearest] & (dips(heights) <= settings.mode.dip)
