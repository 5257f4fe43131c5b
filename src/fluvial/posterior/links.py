r"""The errors that a chain of posteriors, each the prior of the next, accumulates.

A fit whose prior is an earlier approximation q, rather than that fit's exact posterior p, has an
exact answer that is off by as much as q is. To first order the divergences of a chain add up, and
so do, at worst, the shifts of a moment.

What counts is the error where the new posterior lies. On the earlier fit's pool, whose points have
exact densities, it is measured: with v ∝ p L, where L is the new likelihood, or the ratio of two
Gaussians where that is not known at these points, half the variance of r = ln p − ln q under v is
the divergence that the prior brings in, and the covariances of r with the coordinates and with
their squares are what it does to means and variances (the derivative of a mean under v e^{tr}).
More data shrink what an old link does to a mean, by the ratio of the new standard deviation to the
one before. Where the new posterior lies beyond the pool nothing is known of q at all: its tails
were never compared with anything.

The evidence of all data is off by as much as the priors were. With p_0 the first prior, q_k the
approximations, Z_k = ∫ q_{k−1} L_k what the fits say, and r_k = ln p_k − ln q_k,

.. math:: \ln \int p_0 L_1 \cdots L_n = \sum_k \ln Z_k + \ln E_{p_n}[e^{r_1 + \dots + r_{n-1}}],

by putting p_k = q_k e^{r_k} in the place of q_{k−1} L_k / Z_k, one after the other. Each r_k is
measured under p_{k+1}, and its mean is added. As more data come that mean is a martingale, which
gathers at most a share 1 − ρ² of the variance of r_k, where ρ is the smallest ratio of a new
standard deviation to the one before: all of it if r_k is linear, (1 − ρ²)^m of it if r_k is a
Hermite polynomial of degree m and all is normal. This is part of the standard error.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float
from scipy.special import logsumexp

from fluvial.posterior.gaussian import Gaussian
from fluvial.posterior.mixture import Mixture
from fluvial.posterior.pool import Pool

__all__ = [
    "Brought",
    "Link",
    "beyond",
    "brought",
    "chain_evidence",
    "links_from",
    "links_mapping",
    "moments",
    "shrunk",
]

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
        correction: what its approximation has taken from the log evidence of the next data, in
            nats, to be added to it.
        correction_se: its standard error.
        unsettled: the variance of ln p − ln q under the last posterior, in nats², by which the
            correction will move if more data come.
    """

    kl: float
    shift: float
    log_evidence: float
    log_evidence_se: float
    evaluations: int
    correction: float = 0.0
    correction_se: float = 0.0
    unsettled: float = 0.0


class Brought(NamedTuple):
    """What an approximation brings to the next fit; see ``Link``."""

    kl: float
    shift: float
    correction: float
    correction_se: float


def links_mapping(links: tuple[Link, ...]) -> tuple[dict[str, Any], ...]:
    """Return what JSON can hold of a chain."""
    return tuple(asdict(link) for link in links)


def links_from(mappings: Sequence[Mapping[str, Any]]) -> tuple[Link, ...]:
    """Undo ``links_mapping``; what earlier versions did not save has its default."""
    known = [f.name for f in fields(Link)]
    return tuple(Link(**{name: m[name] for name in known if name in m}) for m in mappings)


def chain_evidence(
    links: Sequence[Link], log_evidence: float, log_evidence_se: float
) -> tuple[float, float]:
    """Return ln of the evidence of all data of a chain, and its standard error, in nats.

    Args:
        links: the earlier fits, the first one first.
        log_evidence: of the last fit.
        log_evidence_se: its standard error.

    Example:
        >>> chain_evidence([Link(0.0, 0.0, -2.0, 0.03, 1)], -1.0, 0.04)
        (-3.0, 0.05)
    """
    total = log_evidence + sum(link.log_evidence + link.correction for link in links)
    variance = log_evidence_se**2 + sum(
        link.log_evidence_se**2 + link.correction_se**2 for link in links
    )
    return float(total), float(variance**0.5)


def brought(
    x: Float[np.ndarray, "S d"],
    log_w: Float[np.ndarray, " S"],
    r: Float[np.ndarray, " S"],
    log_likelihood: Float[np.ndarray, " S"],
) -> Brought:
    """Measure the error that an approximation brings to where the new posterior lies.

    Args:
        x: the earlier fit's pool, in the coordinates that were handed on.
        log_w: its log weights.
        r: ln p − ln q there, in nats.
        log_likelihood: of the new data there, up to a constant.

    Returns:
        The divergence, the larger of the shifts of a mean and of a log sd, with two standard
        errors, and the correction of the evidence. Where too few of the points are where the new
        posterior lies, these are bounds by the inequality of Cauchy and Schwarz,
        E_v[r²] ≤ √(E_p[(v/p)²] E_p[r⁴]).
    """
    usable = np.isfinite(log_w) & np.isfinite(log_likelihood) & np.isfinite(r)
    if not usable.any():
        return Brought(np.inf, np.inf, 0.0, np.inf)
    x, log_w, r = x[usable], log_w[usable], r[usable]
    w = np.exp(log_w - np.asarray(logsumexp(log_w)))
    log_v = log_w + log_likelihood[usable]
    v = np.exp(log_v - np.asarray(logsumexp(log_v)))
    if 1.0 / (v @ v) < _ENOUGH:
        ratio = np.divide(v, w, out=np.zeros_like(v), where=w > 0.0)
        rms = float((w @ ratio**2) * (w @ r**4)) ** 0.25
        return Brought(0.5 * rms**2, rms, 0.0, rms)
    off = r - v @ r
    z = (x - v @ x) / np.sqrt(v @ (x - v @ x) ** 2)
    moved = np.concatenate([z, 0.5 * (z**2 - 1.0)], axis=1) * off[:, None]
    error = np.sqrt(v**2 @ moved**2)
    return Brought(
        float(0.5 * (v @ off**2)),
        float(np.max(np.abs(v @ moved) + 2.0 * error)),
        -float(np.asarray(logsumexp(-r, b=v))),
        float(np.sqrt(v**2 @ off**2)),
    )


def shrunk(links: tuple[Link, ...], ratios: Float[np.ndarray, " d"]) -> tuple[Link, ...]:
    """Return links as they are after more data.

    Args:
        links: the earlier fits.
        ratios: of each coordinate's new standard deviation to the one before.
    """
    largest, settled = min(np.max(ratios), 1.0), 1.0 - min(np.min(ratios), 1.0) ** 2
    return tuple(
        replace(
            link,
            shift=float(link.shift * largest),
            correction_se=float(np.sqrt(link.correction_se**2 + settled * link.unsettled)),
            unsettled=float((1.0 - settled) * link.unsettled),
        )
        for link in links
    )


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
