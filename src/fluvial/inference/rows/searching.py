r"""Before any GOOD: is there a mode, or mass, of all rows that the approximation does not see?

A posterior of N rows is narrow, and its modes lie thousands of its own standard deviations apart.
What spans them is the posterior of few rows, which is q, widened as if only some rows for each
coordinate had been seen; and a law around the origin that is as wide as coordinates are large, in
which the labels of a mixture, or signs, can be any. From there climbs go up on a new sample of
rows, whose log likelihood is scaled to N. Ends that a barrier on the sample parts from the known
modes are suspects. Of a suspect the sample knows by how much it is lower than the best mode only to
a standard error,

.. math:: \frac{N}{\sqrt n} \, \mathrm{sd}_i [\ell_i(\theta) - \ell_i(\theta^*)],

which is hundreds of nats where N/n is large. So all that it does not rule out are climbed from on
all rows, and measured there.
"""

from dataclasses import replace
from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from scipy.special import logsumexp

from fluvial.inference.climbs.climbing import Optimum, climb
from fluvial.inference.climbs.laplace import laplace_or
from fluvial.inference.climbs.leaps import leaps
from fluvial.inference.climbs.starts import clusters
from fluvial.inference.mode_search.annealed import far_points
from fluvial.inference.rows.sampling import Sample, on_sample
from fluvial.inference.rows.streamed_climb import Peak, peaks
from fluvial.inference.run import Run
from fluvial.posterior.gaussian import Gaussian, factor
from fluvial.posterior.mixture import Mixture
from fluvial.targets.rows_density import RowsDensity

__all__ = ["FarSearch", "mass_beside", "search_far"]


class FarSearch(NamedTuple):
    """What a search found.

    Attributes:
        peaks: modes of all rows, those that were known before and new ones.
        missed: the mass of the new ones, as a share of that of the known.
        note: a sentence on what was looked at, where nothing was found.
    """

    peaks: list[Peak]
    missed: float
    note: str


def search_far(run: Run, stream: RowsDensity, tops: list[Peak], q: Mixture) -> FarSearch:
    """Look for modes of all rows that are none of those which are known.

    Args:
        run: the fit.
        stream: the density of all rows.
        tops: the known modes.
        q: the approximation.
    """
    sample = on_sample(run, stream)
    size, count = sample.density.size, stream.count
    small, settings = sample.run, sample.run.settings
    wide = _widened(run, stream, q)
    looked = replace(settings.search, leaps=settings.rows.far_leaps)
    laws, half = (wide, _around_origin(wide)), settings.rows.far_climbs // 2
    far = [far_points(law, half, settings.rows.far_spreads, run.rng) for law in laws]
    jumps = leaps(q, wide, run.rng, replace(settings, search=looked))
    starts = np.concatenate([*far, jumps])
    points = np.concatenate([[top.point for top in tops], starts])
    ends = climb(small.counted, points, wide.cholesky, settings)
    known = [end for end in ends[: len(tops)] if end is not None]
    there = [end for end in ends if end is not None]
    modes = clusters(small.counted, there, settings)
    heads = [mode[0] for mode in modes if not any(end is old for end in mode for old in known)]
    suspects = _possible(sample, stream, heads, tops)
    found = peaks(run, stream, suspects, tops)
    fresh = [top.log_mass for top in found if not any(top is old for old in tops)]
    if not fresh:
        return FarSearch(found, 0.0, _note(len(starts), len(suspects), size, count))
    before = np.asarray(logsumexp([top.log_mass for top in tops]))
    excess = float(np.asarray(logsumexp(fresh)) - before)
    return FarSearch(found, float(np.exp(min(excess, 50.0))), "")


def _note(climbs: int, suspects: int, size: int, count: int) -> str:
    """What a search has done that found nothing."""
    ends = "all of which ended in a known mode, or far below it"
    if suspects:
        ends = f"and from {suspects} of their ends on all rows"
    return (
        f"A search for other modes found none: {climbs} climbs from far on {size:,} of {count:,} "
        f"rows, {ends}."
    )


def _widened(run: Run, stream: RowsDensity, q: Mixture) -> Gaussian:
    """The Gaussian of q's mean and, if one had seen few rows, of its covariance."""
    search = run.settings.search
    x, _ = q.sample(run.rng, max(search.draws, search.draws_per_dim * q.dim))
    root = factor(np.atleast_2d(np.cov(x.T)))
    few = run.settings.rows.far_rows * q.dim
    return Gaussian(x.mean(axis=0), max(1.0, stream.count / few) ** 0.5 * root)


def _around_origin(wide: Gaussian) -> Gaussian:
    width = np.sqrt(1.0 + np.mean(wide.mean**2))
    return Gaussian(np.zeros(wide.dim), width * np.eye(wide.dim))


def _possible(
    sample: Sample, stream: RowsDensity, heads: list[Optimum], tops: list[Peak]
) -> list[Gaussian]:
    """Those that the sample does not rule out, the likeliest first."""
    settings = sample.run.settings
    ranked = []
    for head in heads:
        gaussian = laplace_or(sample.run.counted, head.x, head.gaussian, settings)
        behind, noise = _behind(sample, stream, head.x, tops[0].point)
        behind -= gaussian.log_det - tops[0].gaussian.log_det
        most = settings.rows.noise * noise - behind
        if most > -settings.match.no_mass:
            ranked.append((most, gaussian))
    ranked.sort(key=lambda pair: -pair[0])
    return [gaussian for _, gaussian in ranked[: settings.rows.max_modes]]


def _behind(
    sample: Sample, stream: RowsDensity, x: Float[np.ndarray, " D"], best: Float[np.ndarray, " D"]
) -> tuple[float, float]:
    """By how much one point is lower than another, in nats, and the standard error of that."""
    terms = [sample.density.terms(point) for point in (best, x)]
    low, high = sample.run.counted.values(np.stack([x, best]))
    noise = stream.count * np.std(terms[0] - terms[1]) / sample.density.size**0.5
    return float(high - low), float(noise)


def mass_beside(run: Run, q: Mixture, log_evidence: float) -> float:
    r"""Estimate the share of the mass around q that it does not cover, on all rows.

    Draws x of a mixture g of q's Gaussian, made wider, give

    .. math:: \frac{1}{Z} E_g \left[ \frac{p}{g} 1_R \right],
              \qquad R = \{x : p(x) > e^3 Z q(x)\}

    without bias; see ``inference.mode_search``.

    Args:
        run: the fit.
        q: the approximation.
        log_evidence: ln Z, in nats.
    """
    search, looks = run.settings.search, run.settings.rows.looks_beside
    x, _ = q.sample(run.rng, max(search.draws, search.draws_per_dim * q.dim))
    root = factor(np.atleast_2d(np.cov(x.T)))
    overall = Gaussian(x.mean(axis=0), root)
    points = far_points(overall, looks, search.look_spreads, run.rng)
    log_p = run.counted.values(points)
    wider = [Gaussian(overall.mean, spread * root) for spread in search.look_spreads]
    log_g = logsumexp([g.log_prob(points) for g in wider], axis=0) - np.log(len(wider))
    outside = np.isfinite(log_p) & (log_p - q.log_prob(points) - log_evidence > search.excess)
    if not outside.any():
        return 0.0
    log_share = logsumexp((log_p - log_g)[outside]) - np.log(looks) - log_evidence
    return float(np.exp(min(log_share, 50.0)))
