"""Whether a point lies on the slopes of a mode that is known, from where no climb need be made.

It does if the density does not dip on the straight way from the point to the mode's center, and is
no higher there than the approximation has it: a climb would end in that mode. Where the way dips,
it may only be bent, as along a banana, or lead out of another mode.
"""

import numpy as np
from jaxtyping import Bool, Float

from fluvial.inference.counted_target import CountedTarget
from fluvial.inference.modes import dips
from fluvial.inference.settings import DEFAULT, Settings
from fluvial.posterior.mixture import Mixture

__all__ = ["on_slopes"]


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
