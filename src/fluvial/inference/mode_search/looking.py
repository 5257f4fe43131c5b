r"""Looks from where climbs start, held against the modes that are known.

A climb takes ten evaluations to say in whose basin it began, a look takes one: in the basin of a
mode that is not known the density exceeds the Gaussians of all that are,

.. math:: p(x) > e^3 \sum_k m_k N(x; \mu_k, \Sigma_k),

with m_k by Laplace's approximation, at each optimum where a mode has several. In many coordinates
the basin of a narrow mode is a share of 1e-5 of the space or less, and only looks are many enough
to hit it. Where a known mode is not Gaussian its own tails exceed its Gaussian; then climbs from
there end in it, and where there are more such places than are climbed from, looks tell nothing.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from fluvial.inference.climbs.census import Mode
from fluvial.inference.climbs.start_law import StartLaw
from fluvial.inference.counted_target import CountedTarget
from fluvial.inference.evaluated import density_peaks
from fluvial.inference.settings import DEFAULT, Settings
from fluvial.log_sum_exp import log_sum_exp

__all__ = ["unexplained"]


def unexplained(
    counted: CountedTarget,
    modes: Sequence[Mode],
    law: StartLaw,
    looks: int,
    rng: np.random.Generator,
    settings: Settings = DEFAULT,
) -> Float[np.ndarray, "N D"]:
    """Look at many points, and return those to climb from.

    Args:
        counted: the target.
        modes: that are known.
        law: of the points.
        looks: how many.
        rng: decides which.
        settings: the thresholds.

    Returns:
        Points of high density, apart from each other, that no known mode explains.
    """
    explore = settings.explore
    points, log_p = np.empty((0, counted.dim)), np.empty(0)
    for done in range(0, looks, explore.looks_chunk):
        x = law.sample(min(explore.looks_chunk, looks - done), rng)
        values = counted.values(x)
        excess = values - _log_density(modes, x)
        outside = np.isfinite(values) & (excess > settings.search.excess)
        points = np.concatenate([points, x[outside]])
        log_p = np.concatenate([log_p, values[outside]])
        highest = np.argsort(-log_p, kind="stable")[: explore.looks_kept]
        points, log_p = points[highest], log_p[highest]
    return points[density_peaks(points, log_p, explore.suspects)]


def _log_density(modes: Sequence[Mode], x: Float[np.ndarray, "N D"]) -> Float[np.ndarray, " N"]:
    """Of the known modes together, unnormalized as the target is."""
    return log_sum_exp(np.stack([mode.log_density(x) for mode in modes]), axis=0)
