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
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from fluvial.constants import LOG_2PI
from fluvial.inference.climbs.start_law import StartLaw
from fluvial.inference.settings import DEFAULT, ExploreSettings, Settings
from fluvial.log_sum_exp import log_sum_exp
from fluvial.posterior.gaussian import Gaussian

__all__ = ["Planted", "aimed", "log_widths_of", "plant", "width_sought"]

Planted = Float[np.ndarray, "modes places G"]
"""For each known mode and each place, the share of each Gaussian's starts that end in one like it
there."""


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
    what is predicted of the next width occur alike, to find out how many are not found. Much
    narrower ones than the known are left out: no search in many coordinates would find them.

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
        starts = explore.predicted_starts
    else:
        starts = explore.planted_starts
        narrowings = np.tile(_narrowings(gaussians, explore)[:, None], explore.places)
    count = narrowings.shape[1]
    shares = np.empty((*narrowings.shape, len(law.shares)))
    for k, (like, narrower) in enumerate(zip(gaussians, narrowings, strict=True)):
        around = _around(like, _places(means, law, count, rng), narrower, starts, rng, explore)
        known = [_height(g, m, around.x) for g, m in zip(gaussians, log_masses, strict=True)]
        ends = around.log_planted + log_masses[k] > np.max(known, axis=0) + excess
        log_ratios = law.log_each(around.x) - around.log_g
        hit = np.exp(np.minimum(log_ratios, 50.0)) * ends
        shares[k] = np.mean(hit.reshape(len(hit), count, -1), axis=2).T
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
    for _ in range(settings.explore.aiming_steps):
        shares = np.mean(shares * chances / (chances @ shares)[:, None], axis=0)
    share = settings.explore.aimed
    return law._replace(shares=(1.0 - share) * law.shares + share * shares)


def _places(
    means: Float[np.ndarray, "K D"],
    law: StartLaw,
    places: int,
    rng: np.random.Generator,
) -> Float[np.ndarray, "places D"]:
    """Draw each coordinate from those of the known modes, spread as far as the next one's may be.

    The next of K + 1 draws is off their mean by (K + 1) / (K - 1) of the variance among the K, on
    average. If only one is known, the next is as far from the middle of the starts as that is,
    or as the starts are.
    """
    count, dim = means.shape
    if count < 2:
        away = np.sqrt(np.mean((means[0] - law.centers[0]) ** 2))
        spread = np.maximum(away, law.widths[0])
        return law.centers[0] + spread * rng.standard_normal((places, dim))
    mixed = means[rng.integers(count, size=(places, dim)), np.arange(dim)]
    center = means.mean(axis=0)
    return center + np.sqrt((count + 1) / (count - 1)) * (mixed - center)


def _narrowings(gaussians: Sequence[Gaussian], explore: ExploreSettings) -> Float[np.ndarray, " K"]:
    """By how much the next mode may be narrower than each, in its log width: by one quantile of it.

    Modes of one width are copies of each other, by a symmetry, and so will the next one be.
    """
    log_widths = log_widths_of(gaussians)
    if np.ptp(log_widths) < explore.copies:
        return np.full(len(gaussians), explore.least_narrowing)
    narrowest = _next_log_widths(log_widths, np.array([1.0 - explore.narrowest]), explore)
    return np.maximum(explore.least_narrowing, log_widths - narrowest)


def _predicted(
    gaussians: Sequence[Gaussian], places: int, rng: np.random.Generator, explore: ExploreSettings
) -> Float[np.ndarray, "K places"]:
    """The same by as many quantiles as there are places, which are spread evenly."""
    log_widths = log_widths_of(gaussians)
    if np.ptp(log_widths) < explore.copies:
        return np.full((len(gaussians), places), explore.least_narrowing)
    ranks = np.stack([rng.permutation(places) for _ in gaussians])
    quantiles = (ranks + rng.uniform(size=ranks.shape)) / places
    return log_widths[:, None] - _next_log_widths(log_widths, quantiles, explore)


def _next_log_widths(
    log_widths: Float[np.ndarray, " K"],
    quantiles: Float[np.ndarray, "*S"],
    explore: ExploreSettings,
) -> Float[np.ndarray, "*S"]:
    """Quantiles of what is predicted of the next one that is not narrower than is looked for."""
    from scipy.special import stdtr, stdtrit  # a tenth of a second to import

    middle, spread, degrees = _next_width(log_widths, explore)
    narrower = stdtr(degrees, np.log(width_sought(log_widths, explore)) / spread)
    return middle + spread * stdtrit(degrees, narrower + (1.0 - narrower) * quantiles)


def width_sought(log_widths: Float[np.ndarray, " K"], explore: ExploreSettings) -> float:
    """Return how wide the narrowest modes are that are looked for, as a part of the known ones.

    Args:
        log_widths: of the modes that are known.
        explore: the thresholds.

    Returns:
        A part of the geometric mean of their widths. Of two it is that of one to the other, within
        bounds: a third may be as much narrower again.

    Example:
        >>> width_sought(np.log([1.0, 0.4]), DEFAULT.explore)
        0.25
    """
    if len(log_widths) != 2:
        return explore.narrowest_sought
    ratio = np.exp(-np.ptp(log_widths))
    return float(np.clip(ratio, explore.narrowest_sought, explore.widest_sought))


def log_widths_of(gaussians: Sequence[Gaussian]) -> Float[np.ndarray, " K"]:
    """Return the log of each one's width: its standard deviation, averaged over all directions."""
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


class _Around(NamedTuple):
    """Points around planted modes, as many around each, in turn.

    Attributes:
        x: the points.
        log_planted: log density of the planted mode at each.
        log_g: that of the law of the points around it.
    """

    x: Float[np.ndarray, "N D"]
    log_planted: Float[np.ndarray, " N"]
    log_g: Float[np.ndarray, " N"]


def _around(
    like: Gaussian,
    places: Float[np.ndarray, "places D"],
    narrower: Float[np.ndarray, " places"],
    starts: int,
    rng: np.random.Generator,
    explore: ExploreSettings,
) -> _Around:
    """Draw points where the basins of planted modes are.

    Starts themselves hit a narrow one's too seldom to tell how often: once in 1e5.
    """
    scales = np.array(explore.planted_scales)
    each = np.resize(scales, starts)[:, None]
    z = each * rng.standard_normal((len(places), starts, like.dim))
    width = np.exp(-narrower)[:, None, None]
    x = places[:, None] + width * (z.reshape(-1, like.dim) @ like.cholesky.T).reshape(z.shape)
    squares = np.sum(z**2, axis=2)
    peak = like.dim * (narrower[:, None] - 0.5 * LOG_2PI) - like.log_det
    wider = [-0.5 * squares / s**2 - like.dim * np.log(s) for s in scales]
    log_g = peak + log_sum_exp(np.stack(wider), axis=0) - np.log(len(scales))
    return _Around(x.reshape(-1, like.dim), (peak - 0.5 * squares).ravel(), log_g.ravel())


def _height(
    gaussian: Gaussian, log_mass: float, x: Float[np.ndarray, "N D"]
) -> Float[np.ndarray, " N"]:
    return gaussian.log_prob(x) + log_mass
