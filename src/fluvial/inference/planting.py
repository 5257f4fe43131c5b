r"""How many modes a search has missed, by how many like those it found it would have missed.

The basins of modes differ, by their volume and by their place, and in many coordinates they differ
by orders of magnitude: how often each known mode was found says little of a narrow one on the rim.
So the search is tried out on modes that are known to be there because they are planted: with the
shape of a known mode, but as narrow as the next one may be, by Student's prediction interval for
log widths, since those that are found first are the widest; and at a place each of whose
coordinates is that of a known mode, spread as far as the next one's may be. A start from x would
end in it if its Gaussian is higher at x than those of all known modes, which takes no evaluation of
the target. How often that is so is an integral over its basin, by importance sampling. If n climbs
find a planted mode like mode k with probability π_k, then those like it that were missed are, by
expectation,

.. math:: \sum_k \frac{1 - \pi_k}{\pi_k}

(Horvitz & Thompson 1952, Journal of the American Statistical Association 47, 663). Looks can be
aimed at them: which Gaussians of a law find what is hard to find is known before one is made.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from scipy.special import stdtrit

from fluvial.inference.settings import DEFAULT, ExploreSettings, Settings
from fluvial.inference.start_law import StartLaw
from fluvial.log_sum_exp import log_sum_exp
from fluvial.posterior.gaussian import Gaussian

__all__ = ["Planted", "aimed", "expected_missed", "plant"]

Planted = Float[np.ndarray, "modes places G"]
"""For each known mode and each place, the share of each Gaussian's starts that end in one like it
there."""

_AIMS = 50  # steps of EM, which are nothing beside a look


def plant(
    gaussians: Sequence[Gaussian],
    log_masses: Float[np.ndarray, " K"],
    law: StartLaw,
    rng: np.random.Generator,
    settings: Settings = DEFAULT,
    *,
    excess: float = 0.0,
) -> Planted:
    """Plant modes like the known ones, and see which share of starts would end in each.

    Args:
        gaussians: of the known modes.
        log_masses: of these, in nats.
        law: of the starts.
        rng: decides where modes are planted.
        settings: the thresholds.
        excess: nats by which a planted mode has to exceed all known ones where a start is: none for
            a climb to end in it, some for a look to notice it.
    """
    means = np.stack([g.mean for g in gaussians])
    places = settings.explore.places
    shares = np.empty((len(gaussians), places, len(law.shares)))
    for k, narrowed in enumerate(_narrowed(gaussians, settings.explore)):
        for place in range(places):
            planted = Gaussian(_place(means, rng), narrowed)
            x, log_ratios = _around(planted, law, rng, settings.explore)
            known = [_height(g, m, x) for g, m in zip(gaussians, log_masses, strict=True)]
            ends = _height(planted, log_masses[k], x) > np.max(known, axis=0) + excess
            shares[k, place] = np.mean(np.exp(np.minimum(log_ratios, 50.0)) * ends, axis=1)
    return np.minimum(shares, 1.0)


def aimed(law: StartLaw, planted: Planted, settings: Settings = DEFAULT) -> StartLaw:
    """Give some of the starts to the Gaussians that find planted modes, to each mode its own.

    The others stay with those that have them, since other modes may be where none was planted. The
    shares maximize the geometric mean of the chances to find a planted mode, by EM.
    """
    chances = planted.reshape(-1, len(law.shares))
    chances = chances[chances.max(axis=1) > 0.0]
    if not len(chances):
        return law
    shares = law.shares
    for _ in range(_AIMS):
        shares = np.mean(shares * chances / (chances @ shares)[:, None], axis=0)
    share = settings.explore.aimed
    return law._replace(shares=(1.0 - share) * law.shares + share * shares)


def _place(means: Float[np.ndarray, "K D"], rng: np.random.Generator) -> Float[np.ndarray, " D"]:
    """Draw each coordinate from those of the known modes, spread as far as the next one's may be.

    The next of K + 1 draws is off their mean by (K + 1) / (K - 1) of the variance among the K, on
    average.
    """
    count, dim = means.shape
    mixed = means[rng.integers(count, size=dim), np.arange(dim)]
    if count < 2:
        return mixed
    center = means.mean(axis=0)
    return center + np.sqrt((count + 1) / (count - 1)) * (mixed - center)


def _narrowed(
    gaussians: Sequence[Gaussian], explore: ExploreSettings
) -> list[Float[np.ndarray, "D D"]]:
    """Factors of Gaussians, as narrow as the next one may be.

    Student's prediction interval for its log width, where the variance of log widths is known a
    priori as from a few modes (Gelman et al. 2013, Bayesian Data Analysis, sections 2.6 and 3.3).
    Modes of one width are copies of each other, by a symmetry, and so will the next one be.
    """
    count, dim = len(gaussians), gaussians[0].dim
    log_widths = np.array([g.log_det for g in gaussians]) / dim
    if np.ptp(log_widths) < explore.copies:
        return [np.exp(-explore.least_narrowing) * g.cholesky for g in gaussians]
    degrees = explore.prior_modes + count - 1
    squares = np.sum((log_widths - log_widths.mean()) ** 2)
    variance = (explore.prior_modes * explore.prior_spread**2 + squares) / degrees
    reach = stdtrit(degrees, explore.narrowest) * np.sqrt(variance * (1.0 + 1.0 / count))
    least = np.maximum(explore.least_narrowing, log_widths - log_widths.mean() + reach)
    return [np.exp(-by) * g.cholesky for by, g in zip(least, gaussians, strict=True)]


def _around(
    planted: Gaussian, law: StartLaw, rng: np.random.Generator, explore: ExploreSettings
) -> tuple[Float[np.ndarray, "N D"], Float[np.ndarray, "G N"]]:
    """Points around a planted mode, where its basin is, and how often starts are there, as logs.

    Starts themselves hit a narrow one's too seldom to tell how often: once in 1e5.
    """
    scales = np.resize(explore.planted_scales, explore.planted_starts)[:, None]
    x = planted.color(scales * rng.standard_normal((explore.planted_starts, planted.dim)))
    wider = [Gaussian(planted.mean, s * planted.cholesky) for s in explore.planted_scales]
    log_g = log_sum_exp([g.log_prob(x) for g in wider], axis=0) - np.log(len(wider))
    return x, law.log_each(x) - log_g


def expected_missed(law: StartLaw, planted: Planted, climbs: int) -> float:
    """Return how many modes like the known ones so many climbs have missed, by expectation.

    Args:
        law: of the starts.
        planted: what ``plant`` returned.
        climbs: from independent starts.

    Example:
        >>> law = StartLaw(np.zeros((1, 2)), np.ones((1, 2)), np.ones(1))
        >>> round(expected_missed(law, np.full((2, 5, 1), 0.01), 100), 2)
        1.15
        >>> expected_missed(law, np.zeros((2, 5, 1)), 100)
        inf
    """
    found = np.mean(1.0 - (1.0 - planted @ law.shares) ** climbs, axis=1)
    with np.errstate(divide="ignore"):
        return float(np.sum((1.0 - found) / found))


def _height(
    gaussian: Gaussian, log_mass: float, x: Float[np.ndarray, "N D"]
) -> Float[np.ndarray, " N"]:
    return gaussian.log_prob(x) + log_mass
