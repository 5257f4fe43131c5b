"""In many dimensions: is there mass that the approximation does not see?

There, what ``mode_search`` does at a place where mass is missing (Hessians and matrices) takes
longer than the fit. So chains are annealed from far outside, and symmetries tried, as it does;
where these end outside of q, independent coordinates are matched and the mass is measured, which is
reported; no component is made of it.
"""

from dataclasses import replace

import numpy as np

from fluvial.inference.counted_target import CountedTarget
from fluvial.inference.gaussian.diagonal import match_diagonal
from fluvial.inference.mode_search.annealed import annealed_chains
from fluvial.inference.mode_search.mode_search import Search
from fluvial.inference.mode_search.symmetries import mirrored
from fluvial.inference.settings import DEFAULT, Settings
from fluvial.objectives import Importance
from fluvial.posterior.diagonal_gaussian import DiagonalGaussian
from fluvial.posterior.mixture import Mixture

__all__ = ["mass_far"]


def mass_far(
    counted: CountedTarget,
    q: Mixture,
    log_evidence: float,
    rng: np.random.Generator,
    settings: Settings = DEFAULT,
) -> Search:
    """Search for mass outside q.

    Args:
        counted: the target.
        q: the approximation.
        log_evidence: ln Z as estimated from q, in nats.
        rng: decides where the search starts.
        settings: the thresholds.

    Returns:
        No outliers, and the largest mass outside q that was found at one place.
    """
    own, _ = q.sample(rng, settings.search.far_draws)
    overall = DiagonalGaussian(own.mean(axis=0), own.std(axis=0))
    mirror = mirrored(counted, q, settings)
    ends = np.concatenate([annealed_chains(counted, overall, rng, settings.search), mirror.points])
    log_p = counted.values(ends)
    excess = log_p - q.log_prob(ends) - log_evidence
    outside = np.flatnonzero(np.isfinite(excess) & (excess > settings.search.excess))
    suspects = outside[np.argsort(-log_p[outside])][: settings.search.far_suspects]
    shares = [
        _share(counted, q, log_evidence, DiagonalGaussian(ends[i], overall.sd), rng, settings)
        for i in suspects
    ]
    return Search((), max(shares, default=0.0))


def _share(
    counted: CountedTarget,
    q: Mixture,
    log_evidence: float,
    start: DiagonalGaussian,
    rng: np.random.Generator,
    settings: Settings,
) -> float:
    """The mass outside q where matching leads from a place, as a share of q's.

    What has come back into q is not followed further.
    """
    search, g, found = settings.search, start, -np.inf
    matching = replace(settings.match, steps=search.match_steps // search.far_parts)
    for part in range(1, search.far_parts + 1):
        g = match_diagonal(counted, g, rng, matching)
        x = g.color(
            rng.standard_normal(
                (search.draws if part == search.far_parts else search.far_glance, g.dim)
            )
        )
        log_p = counted.values(x)
        excess = log_p - log_evidence - q.log_prob(x)
        outside = excess > search.excess
        weights = Importance(np.where(outside, log_p - g.log_prob(x), -np.inf))
        found = weights.log_evidence
        if not outside.any() and np.median(np.abs(excess)) < search.excess:
            break
    return float(np.exp(min(found - log_evidence, 50.0)))
