r"""How many modes a search has missed, by how many like those it found it would have missed.

The basins of modes differ, by their volume and by their place, and in many coordinates they differ
by orders of magnitude: how often each known mode was found says little of a narrow one on the rim.
So the search is tried out on modes that are known to be there because they are planted: with the
shape of a known mode, but narrower by a few times as much as the known ones differ in width, since
those that are found first are the widest; and at a place each of whose
coordinates is that of a known mode. A start from x would end in it if its Gaussian is higher at x
than those of all known modes, which takes no evaluation of the target. If n climbs find a planted
mode like mode k with probability π_k, then those like it that were missed are, by expectation,

.. math:: \sum_k \frac{1 - \pi_k}{\pi_k}

(Horvitz & Thompson 1952, Journal of the American Statistical Association 47, 663).
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from fluvial.inference.settings import DEFAULT, Settings
from fluvial.posterior.gaussian import Gaussian

__all__ = ["Planted", "expected_missed", "plant"]

Planted = Float[np.ndarray, "modes places"]
"""For each known mode and each place, the share of starts that end in one like it there."""


def plant(
    gaussians: Sequence[Gaussian],
    log_masses: Float[np.ndarray, " K"],
    starts: Float[np.ndarray, "N D"],
    rng: np.random.Generator,
    settings: Settings = DEFAULT,
) -> Planted:
    """Plant modes like the known ones, and see which share of starts would end in each.

    Args:
        gaussians: of the known modes.
        log_masses: of these, in nats.
        starts: draws of the law that climbs start from.
        rng: decides where modes are planted.
        settings: the thresholds.
    """
    dim, places = starts.shape[1], settings.explore.places
    known = np.stack([_height(g, m, starts) for g, m in zip(gaussians, log_masses, strict=True)])
    highest = known.max(axis=0)
    means = np.stack([g.mean for g in gaussians])
    spread = np.std([g.log_det for g in gaussians]) / dim
    explore = settings.explore
    narrowed = np.exp(-max(explore.narrowing * spread, explore.least_narrowing))
    shares = np.empty((len(gaussians), places))
    for k, (gaussian, log_mass) in enumerate(zip(gaussians, log_masses, strict=True)):
        for place in range(places):
            chosen = rng.integers(len(means), size=dim)
            planted = Gaussian(means[chosen, np.arange(dim)], narrowed * gaussian.cholesky)
            shares[k, place] = np.mean(_height(planted, log_mass, starts) > highest)
    return shares


def expected_missed(planted: Planted, climbs: int) -> float:
    """Return how many modes like the known ones so many climbs have missed, by expectation.

    Args:
        planted: what ``plant`` returned.
        climbs: from independent starts.

    Example:
        >>> round(expected_missed(np.full((2, 5), 0.01), 100), 2)
        1.15
        >>> expected_missed(np.zeros((2, 5)), 100)
        inf
    """
    found = np.mean(1.0 - (1.0 - planted) ** climbs, axis=1)
    with np.errstate(divide="ignore"):
        return float(np.sum((1.0 - found) / found))


def _height(
    gaussian: Gaussian, log_mass: float, x: Float[np.ndarray, "N D"]
) -> Float[np.ndarray, " N"]:
    return gaussian.log_prob(x) + log_mass
