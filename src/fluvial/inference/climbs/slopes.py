"""Whether a point lies on the slopes of a mode that is known, from where no climb need be made.

It does if the density does not dip on the straight way from the point to the mode's center, and is
no higher there than the approximation has it: a climb would end in that mode. Where the way dips,
it may only be bent, as along a banana, or lead out of another mode.

On the rim of a narrow mode the way to the center does not dip either, but a climb begins toward
the narrow one.

A climb that takes long has mostly come to such a slope long before it ends.
"""

import numpy as np
from jaxtyping import Bool, Float

from fluvial.inference.climbs.climbing import Optimum, climb_until
from fluvial.inference.climbs.modes import dips
from fluvial.inference.counted_target import CountedTarget
from fluvial.inference.settings import DEFAULT, Settings
from fluvial.posterior.mixture import Mixture

__all__ = ["climb_off_slopes", "leads_elsewhere", "on_slopes"]


def climb_off_slopes(
    counted: CountedTarget,
    q: Mixture,
    log_evidence: float,
    starts: Float[np.ndarray, "N D"],
    factor: Float[np.ndarray, "D D"],
    settings: Settings = DEFAULT,
) -> tuple[list[Optimum | None], Bool[np.ndarray, " N"]]:
    """Climb from each start; of climbs that take long, go on with those off all slopes alone.

    Args:
        counted: the target.
        q: the approximation.
        log_evidence: ln Z as estimated from q, in nats.
        starts: shape (N, D).
        factor: see ``climb``.
        settings: the thresholds.

    Returns:
        Where each climb ended, or None if that is not a finite point; and which of them came to the
        slopes of a known mode, and were not gone on with.
    """

    def known(points: Float[np.ndarray, "M D"]) -> Bool[np.ndarray, " M"]:
        return on_slopes(counted, q, log_evidence, points, settings)

    every = settings.search.unchecked
    return climb_until(counted, starts, factor, settings, known, every)


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


@np.errstate(over="ignore", invalid="ignore", divide="ignore")
def leads_elsewhere(
    counted: CountedTarget,
    q: Mixture,
    points: Float[np.ndarray, "N D"],
    settings: Settings = DEFAULT,
) -> Bool[np.ndarray, " N"]:
    """Say of each point whether a climb from there begins in no way toward its component's center.

    Args:
        counted: the target.
        q: the approximation.
        points: shape (N, D).
        settings: the thresholds.
    """
    if not len(points):
        return np.zeros(0, bool)
    gaussians = [component.gaussian for component in q.components]
    joint = np.stack([g.log_prob(points) for g in gaussians], axis=1) + np.log(q.weights)
    scores, cosines = counted.value_and_grad(points)[1], np.empty(len(points))
    for k in np.unique(np.argmax(joint, axis=1)):
        rows, g = np.flatnonzero(np.argmax(joint, axis=1) == k), gaussians[k]
        away, pull = g.whiten(points[rows]), g.pull(scores[rows])
        lengths = np.linalg.norm(away, axis=1) * np.linalg.norm(pull, axis=1)
        cosines[rows] = -np.sum(away * pull, axis=1) / lengths
    return np.isfinite(cosines) & (cosines < settings.search.straight)
