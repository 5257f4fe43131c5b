r"""How many modes a search has missed, by how many like those it found it would have missed.

The basins of modes differ, by their volume and by their place, and in many coordinates they differ
by orders of magnitude: how often each known mode was found says little of a narrow one on the rim.
So the search is tried out on modes that are known to be there because they are planted: with the
shape of a known mode, but as narrow as the next one may be, by Student's predictive distribution of
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

__all__ = ["Planted", "aimed", "expected_missed", "expected_others", "plant"]

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
    predicted: int = 0,
) -> Planted:
    """Plant modes like the known ones, and see which share of starts would end in each.

    Each is as narrow as the next one may be, to find out what is hard to find; or all quantiles of
    what is predicted of the next width occur alike, to find out how many are not found.

    Args:
        gaussians: of the known modes.
        log_masses: of these, in nats.
        law: of the starts.
        rng: decides where modes are planted.
        settings: the thresholds.
        excess: nats by which a planted mode has to exceed all known ones where a start is: none for
            a climb to end in it, some for a look to notice it.
        predicted: places, at each of which a mode has a width of its own; 0 for the narrowest.
    """
    means, explore = np.stack([g.mean for g in gaussians]), settings.explore
    if predicted:
        narrowings = _predicted(gaussians, predicted, rng, explore)
    else:
        narrowings = np.tile(_narrowings(gaussians, explore)[:, None], explore.places)
    shares = np.empty((*narrowings.shape, len(law.shares)))
    for k, known_one in enumerate(gaussians):
        for place, by in enumerate(narrowings[k]):
            planted = Gaussian(_place(means, rng), np.exp(-by) * known_one.cholesky)
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


def _narrowings(gaussians: Sequence[Gaussian], explore: ExploreSettings) -> Float[np.ndarray, " K"]:
    """By how much the next mode may be narrower than each, in its log width: by one quantile of it.

    Modes of one width are copies of each other, by a symmetry, and so will the next one be.
    """
    log_widths = _log_widths(gaussians)
    if np.ptp(log_widths) < explore.copies:
        return np.full(len(gaussians), explore.least_narrowing)
    middle, spread, degrees = _next_width(log_widths, explore)
    narrowest = middle - stdtrit(degrees, explore.narrowest) * spread
    return np.maximum(explore.least_narrowing, log_widths - narrowest)


def _predicted(
    gaussians: Sequence[Gaussian], places: int, rng: np.random.Generator, explore: ExploreSettings
) -> Float[np.ndarray, "K places"]:
    """The same by as many quantiles as there are places, which are spread evenly."""
    log_widths = _log_widths(gaussians)
    if np.ptp(log_widths) < explore.copies:
        return np.full((len(gaussians), places), explore.least_narrowing)
    middle, spread, degrees = _next_width(log_widths, explore)
    ranks = np.stack([rng.permutation(places) for _ in gaussians])
    quantiles = (ranks + rng.uniform(size=ranks.shape)) / places
    return log_widths[:, None] - (middle + spread * stdtrit(degrees, quantiles))


def _log_widths(gaussians: Sequence[Gaussian]) -> Float[np.ndarray, " K"]:
    return np.array([g.log_det for g in gaussians]) / gaussians[0].dim


def _next_width(
    log_widths: Float[np.ndarray, " K"], explore: ExploreSettings
) -> tuple[float, float, int]:
    """Location, scale and degrees of freedom of Student's predictive distribution.

    The variance of log widths is known a priori as from a few modes (Gelman et al. 2013, Bayesian
    Data Analysis, sections 2.6 and 3.3).
    """
    count = len(log_widths)
    degrees = explore.prior_modes + count - 1
    squares = np.sum((log_widths - log_widths.mean()) ** 2)
    variance = (explore.prior_modes * explore.prior_spread**2 + squares) / degrees
    return log_widths.mean(), np.sqrt(variance * (1.0 + 1.0 / count)), degrees


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


def expected_others(law: StartLaw, planted: Planted, looks: int) -> float:
    r"""Return how many modes so many looks have missed, of widths as they are predicted.

    If looks see a mode of the population with probability 1 - m, and w are known, then there are

    .. math:: \frac{(w + 1)\, m}{1 - m}

    others by expectation, where all numbers of modes are alike a priori: how many are not seen has
    a negative binomial distribution.

    Args:
        law: of the looks.
        planted: what ``plant`` returned, of widths as they are predicted.
        looks: how many.

    Example:
        >>> law = StartLaw(np.zeros((1, 2)), np.ones((1, 2)), np.ones(1))
        >>> round(expected_others(law, np.full((2, 5, 1), 0.01), 100), 2)
        1.73
    """
    missed = float(np.mean((1.0 - planted @ law.shares) ** looks))
    return (len(planted) + 1) * missed / (1.0 - missed) if missed < 1.0 else np.inf


def _height(
    gaussian: Gaussian, log_mass: float, x: Float[np.ndarray, "N D"]
) -> Float[np.ndarray, " N"]:
    return gaussian.log_prob(x) + log_mass
