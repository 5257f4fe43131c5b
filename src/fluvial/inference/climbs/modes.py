r"""Which components of a mixture are one mode.

A mode that is skewed or bent is often fitted by several components. Two of them are one mode if
they overlap, and if the density does not dip on the way from one to the other. Ways are tried two:

* the segment between their means, along which p is evaluated;
* over the border: the draws that both of them claim, where the highest density is a lower bound
  of that of the highest pass. It finds the way along a ring or a banana, off which segments cut.

Modes are what these ways connect.
"""

import numpy as np
from jaxtyping import Float

from fluvial.inference.connected import connected
from fluvial.inference.counted_target import CountedTarget
from fluvial.inference.settings import DEFAULT, Settings
from fluvial.log_sum_exp import log_sum_exp
from fluvial.posterior.mixture import Mixture
from fluvial.posterior.pool import Pool

__all__ = ["dips", "group_into_modes"]


def group_into_modes(
    counted: CountedTarget, q: Mixture, pool: Pool, settings: Settings = DEFAULT
) -> tuple[int, ...]:
    """Number the mode of each component, from 0.

    Args:
        counted: the target.
        q: the mixture.
        pool: weighted draws of the target.
        settings: the thresholds.
    """
    count = len(q.components)
    if count == 1:
        return (0,)
    chosen = pool.choose(settings.mode.draws, seed=0)
    x, log_p = pool.points[chosen], pool.log_p[chosen]
    joint = np.stack([c.log_prob(x) for c in q.components], axis=1) + np.log(q.weights)
    shares = np.exp(joint - log_sum_exp(joint, axis=1, keepdims=True))
    means = [component.gaussian.mean for component in q.components]
    touching = np.zeros((count, count), bool)
    for j in range(count):
        for k in range(j):
            pair = shares[:, [j, k]]
            touching[j, k] = _overlap(pair) >= settings.mode.overlap and (
                _dip_of_segment(counted, means[j], means[k], settings.mode.steps)
                <= settings.mode.dip
                or _dip_at_border(pair, log_p, settings.mode.border) <= settings.mode.dip
            )
    return tuple(int(mode) for mode in connected(touching))


def _overlap(pair: Float[np.ndarray, "S 2"]) -> float:
    """The mass that both claim, as a share of the smaller one's."""
    own = np.min(np.sum(pair, axis=0))
    return float(np.sum(np.min(pair, axis=1)) / own) if own > 0.0 else 0.0


def _dip_of_segment(
    counted: CountedTarget, a: Float[np.ndarray, " D"], b: Float[np.ndarray, " D"], count: int
) -> float:
    steps = np.linspace(0.0, 1.0, count + 2)[:, None]
    return float(dips(counted.values((1.0 - steps) * a + steps * b)[:, None])[0])


def dips(log_p: Float[np.ndarray, "S N"]) -> Float[np.ndarray, " N"]:
    """How far paths fall below the lower one of the summits on their two sides, in nats.

    Args:
        log_p: the log density along N paths, at S points of each.

    Example:
        >>> dips(np.array([[0.0], [-3.0], [-1.0]]))
        array([2.])
    """
    log_p = np.where(np.isfinite(log_p), log_p, -np.inf)
    left, right = np.maximum.accumulate(log_p), np.maximum.accumulate(log_p[::-1])[::-1]
    with np.errstate(invalid="ignore"):
        return np.nanmax(np.minimum(left, right) - log_p, axis=0, initial=0.0)


def _dip_at_border(
    pair: Float[np.ndarray, "S 2"], log_p: Float[np.ndarray, " S"], claimed: float
) -> float:
    border = log_p[np.min(pair, axis=1) > claimed]
    sides = [log_p[pair[:, side] > 0.5] for side in (0, 1)]
    if not all(map(len, (border, *sides))):
        return np.inf
    return float(min(np.max(side) for side in sides) - np.max(border))
