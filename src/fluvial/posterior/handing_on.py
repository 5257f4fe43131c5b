r"""The errors that a chain of posteriors, each the prior of the next, accumulates.

A fit whose prior is an earlier approximation q, rather than that fit's exact posterior p, has an
exact answer that is off by as much as q is: with r = ln p − ln q, its posterior lacks the factor
e^r. Of a chain it lacks the product of all.

What counts is the error where the new posterior lies. On the earlier fit's pool, whose points have
exact densities, it is measured: with v ∝ p L, where L is the new likelihood, or the ratio of two
Gaussians where that is not known at these points, v e^{−r} are the weights of what is fitted and v
those of what is right. How means and log sds move from one to the other has a sign, so that moves
of the same coordinate by several fits may cancel. Half the variance of r is the divergence. Where
the new posterior lies beyond the pool nothing is known of q at all: its tails were never compared
with anything.

As more data come, an old r does less. If it is linear, the mean moves by its gradient times the
covariance, so that a move δ becomes Σ' Σ⁻¹ δ when the covariance Σ becomes Σ'; if it is a square, a
log sd moves in proportion to the variance, and the mean by as much as it has since come away from
the middle of the square. What is of a higher degree becomes linear, or a square, in a direction
that nobody knows: see unsettled.py for how much of it.
"""

from dataclasses import replace
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from fluvial.log_sum_exp import log_sum_exp
from fluvial.posterior.accuracy import shifts
from fluvial.posterior.gaussian import Gaussian
from fluvial.posterior.links import Link
from fluvial.posterior.mixture import Mixture
from fluvial.posterior.pool import Pool
from fluvial.posterior.unsettled import Unsettled, unsettled

__all__ = ["Brought", "beyond", "brought", "later"]

_ENOUGH = 100.0  # effective draws that measure a variance to 15 %
_RARE = 1e-3  # the share of the earlier pool that lies further out than "beyond"


class Brought(NamedTuple):
    """What an approximation brings to the next fit; see ``Link``."""

    kl: float
    moved: Float[np.ndarray, " 2d"]
    moved_se: Float[np.ndarray, " 2d"]
    bound: float
    correction: float
    correction_se: float
    unsettled: Unsettled


def brought(
    x: Float[np.ndarray, "S d"],
    log_w: Float[np.ndarray, " S"],
    r: Float[np.ndarray, " S"],
    log_likelihood: Float[np.ndarray, " S"],
    log_evidence_se: float,
) -> Brought:
    """Measure the error that an approximation brings to where the new posterior lies.

    Args:
        x: the earlier fit's pool, in the coordinates that were handed on.
        log_w: its log weights.
        r: ln p − ln q there, in nats, where p is normalized by the earlier fit's log evidence.
        log_likelihood: of the new data there, up to a constant.
        log_evidence_se: the standard error of that log evidence.

    Returns:
        The divergence, what it moves, and the correction of the evidence. Where too few of the
        points are where the new posterior lies, a bound by the inequality of Cauchy and Schwarz,
        E_v[r²] ≤ √(E_p[(v/p)²] E_p[r⁴]).
    """
    usable = np.isfinite(log_w) & np.isfinite(log_likelihood) & np.isfinite(r)
    none = np.zeros(2 * x.shape[1])
    if not usable.any():
        return Brought(np.inf, none, none, np.inf, 0.0, np.inf, Unsettled(np.inf))
    x, log_w, r = x[usable], log_w[usable], r[usable]
    w = _normalized(log_w)
    log_v = log_w + log_likelihood[usable]
    v = _normalized(log_v)
    if 1.0 / (v @ v) < _ENOUGH:
        ratio = np.divide(v, w, out=np.zeros_like(v), where=w > 0.0)
        rms = float((w @ ratio**2) * (w @ r**4)) ** 0.25
        se = float(np.hypot(rms, log_evidence_se))
        return Brought(0.5 * rms**2, none, none, rms, 0.0, se, Unsettled(rms**2))
    off = r - v @ r
    mean, mean_se, log_sd, log_sd_se = shifts(x, v, _normalized(log_v - r))
    return Brought(
        float(0.5 * (v @ off**2)),
        np.concatenate([mean, log_sd]),
        np.concatenate([mean_se, log_sd_se]),
        0.0,
        float(log_sum_exp(log_v) - log_sum_exp(log_v - r)),
        float(np.sqrt(v**2 @ off**2)),
        unsettled(x, v, r),
    )


def _normalized(log_w: Float[np.ndarray, " S"]) -> Float[np.ndarray, " S"]:
    return np.exp(log_w - log_sum_exp(log_w))


def later(link: Link, before: Gaussian, now: Gaussian, old: np.ndarray, new: np.ndarray) -> Link:
    """Return a link as it is after more data, or in a model with more coordinates.

    Args:
        link: one of the earlier fits.
        before: the moments that it was measured with, in the coordinates that were handed on.
        now: the moments of the last posterior, in all of its coordinates.
        old: where the coordinates that were handed on are among those of ``link.moved``.
        new: where they are in the last posterior.
    """
    ratios = now.sd[new] / before.sd
    narrower, left = 1.0 - np.minimum(ratios, 1.0) ** 2, link.unsettled
    most = float(np.max(narrower))
    link = replace(
        link,
        bound=float(link.bound * np.max(ratios)),
        correction_se=float(np.sqrt(link.correction_se**2 + left.gathered(most))),
        unsettled=left.after(most),
    )
    if not link.moved:
        return link
    mean, log_sd = np.reshape(link.moved, (2, -1))[:, old]
    mean_se, log_sd_se = np.reshape(link.moved_se, (2, -1))[:, old]
    # Σ' Σ⁻¹, in units of both standard deviations
    gain = now.covariance[:, new] @ np.linalg.inv(before.covariance) * before.sd / now.sd[:, None]
    mean = mean + 2.0 * log_sd * (now.mean[new] - before.mean) / before.sd
    variances = np.concatenate([gain**2 @ mean_se**2, gain**4 @ log_sd_se**2])
    variances += max(left.moves(float(s)) for s in narrower)
    moved = np.concatenate([gain @ mean, gain**2 @ log_sd])
    return replace(link, moved=tuple(moved.tolist()), moved_se=tuple(np.sqrt(variances).tolist()))


def beyond(
    q: Mixture,
    pool: Pool,
    places: np.ndarray,
    x: Float[np.ndarray, "N d"],
    weights: Float[np.ndarray, " N"],
) -> float:
    """The share of new draws that lie further out than all but a thousandth of the pool.

    Args:
        q: the density that was handed on, of ``places`` alone.
        pool: of the earlier fit.
        places: the coordinates that were handed on.
        x: new draws, in these coordinates.
        weights: of the draws, summing to 1.
    """
    order = np.argsort(heights := q.log_prob(pool.points[:, places]))
    mass = np.cumsum(np.exp(pool.log_weights)[order])
    edge = heights[order][np.searchsorted(mass, _RARE * mass[-1])]
    return float(weights @ (q.log_prob(x) < edge))
