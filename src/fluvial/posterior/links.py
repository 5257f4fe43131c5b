r"""The errors that a chain of posteriors, each the prior of the next, accumulates.

A fit whose prior is an earlier approximation q, rather than that fit's exact posterior p, has an
exact answer that is off by as much as q is. To first order the divergences of a chain add up, and
so do, at worst, the shifts of a moment.

What counts is the error where the new posterior lies. On the earlier fit's pool, whose points have
exact densities, it is measured: with v ∝ g(x)/p(x) times the pool's weights, where g is a Gaussian
at the new posterior, half the variance of r = ln p − ln q under v is the divergence that the prior
brings in, and the covariances of r with the coordinates and with their squares are what it does to
means and variances (the derivative of a mean under v e^{tr}). More data shrink an old link's effect
on a mean, by the ratio of the new standard deviation to the one before. Where the new
posterior lies beyond the pool, nothing is known about q: its tails were never compared with
anything.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from jaxtyping import Float
from scipy.special import logsumexp

from fluvial.objectives import Importance
from fluvial.posterior.gaussian import Gaussian
from fluvial.posterior.mixture import Mixture
from fluvial.posterior.pool import Pool

__all__ = ["Link", "beyond", "carried", "links_from", "links_mapping", "moments", "shrunk"]

_ENOUGH = 100.0  # effective draws that measure a variance to 15 %
_RARE = 1e-3  # the share of the earlier pool that lies further out than "beyond"


@dataclass(frozen=True)
class Link:
    """One earlier fit of a chain.

    Attributes:
        kl: the divergence that its approximation brings into the next fit, in nats.
        shift: what that does at most to a mean, in standard deviations of the last fit, or to the
            log of a standard deviation.
        log_evidence: of its data, given those before, in nats.
        log_evidence_se: its standard error.
        evaluations: points at which its target was evaluated.
    """

    kl: float
    shift: float
    log_evidence: float
    log_evidence_se: float
    evaluations: int


def links_mapping(links: tuple[Link, ...]) -> tuple[dict[str, Any], ...]:
    """Return what JSON can hold of a chain."""
    return tuple(asdict(link) for link in links)


def links_from(mappings: Sequence[Mapping[str, Any]]) -> tuple[Link, ...]:
    """Undo ``links_mapping``."""
    return tuple(
        Link(
            float(m["kl"]),
            float(m["shift"]),
            float(m["log_evidence"]),
            float(m["log_evidence_se"]),
            int(m["evaluations"]),
        )
        for m in mappings
    )


def carried(
    pool: Pool, log_q: Float[np.ndarray, " S"], places: np.ndarray, new: Gaussian
) -> tuple[float, float] | None:
    """Measure the error of an approximation where the new posterior lies.

    Args:
        pool: of the earlier fit.
        log_q: its approximation's log density at the pool's points, in nats.
        places: the coordinates that were handed on.
        new: a Gaussian at the new posterior, of these coordinates.

    Returns:
        The divergence in nats, and the larger of the shifts of a mean and of a log sd, with two
        standard errors; None where too few of the points are there.
    """
    x = pool.points[:, places]
    old = moments(x, np.exp(pool.log_weights))
    log_v = pool.log_weights + new.log_prob(x) - old.log_prob(x)
    r = pool.log_p - log_q
    usable = np.isfinite(log_v) & np.isfinite(r)
    if not usable.any() or Importance(log_v[usable]).ess < _ENOUGH:
        return None
    v = np.exp(log_v[usable] - np.asarray(logsumexp(log_v[usable])))
    r = r[usable] - v @ r[usable]
    z = (x[usable] - v @ x[usable]) / np.sqrt(v @ (x[usable] - v @ x[usable]) ** 2)
    moved = np.concatenate([z, 0.5 * (z**2 - 1.0)], axis=1) * r[:, None]
    error = np.sqrt(v**2 @ moved**2)
    return float(0.5 * (v @ r**2)), float(np.max(np.abs(v @ moved) + 2.0 * error))


def shrunk(links: tuple[Link, ...], ratio: float) -> tuple[Link, ...]:
    """Return links with their shifts in units of other standard deviations, at most as large."""
    return tuple(replace(link, shift=link.shift * min(ratio, 1.0)) for link in links)


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


def moments(x: Float[np.ndarray, "S d"], w: Float[np.ndarray, " S"]) -> Gaussian:
    """Return the Gaussian with the mean and the covariance of weighted draws."""
    mean = w @ x / w.sum()
    covariance = (w[:, None] * (x - mean)).T @ (x - mean) / w.sum()
    covariance += 1e-12 * np.diag(np.diag(covariance)) + 1e-300 * np.eye(len(mean))
    return Gaussian(mean, np.linalg.cholesky(covariance))
