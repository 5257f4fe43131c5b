r"""A population of points that is cooled from a wide law to the target, for modes climbs miss.

Where a density is rough, a climb ends at the nearest of many optima that do not matter. A
population (sequential Monte Carlo, Del Moral et al. 2006) goes through

.. math:: \pi_\beta(x) \propto \pi_0(x)^{1-\beta}\, p(x)^\beta, \qquad \beta: 0 \to 1,

which is smooth as long as β is small, and by the time it is rough most points are in the right
places. Each β is the one that halves the effective sample size. Between two of them the points move
by differences of other points (ter Braak 2006), so that the moves shrink with the population and
take the shape of ridges; they need no gradient.
"""

import numpy as np
from jaxtyping import Float

from fluvial.inference.counted_target import CountedTarget
from fluvial.inference.settings import DEFAULT, Settings
from fluvial.posterior.gaussian import Gaussian

__all__ = ["cooled_population", "wide_law"]


def wide_law(points: Float[np.ndarray, "N D"], settings: Settings = DEFAULT) -> Gaussian:
    """An uncorrelated Gaussian as wide as the middle two thirds of the points, or as the starts."""
    low, middle, high = np.percentile(points, [16.0, 50.0, 84.0], axis=0)
    return Gaussian(middle, np.diag(np.maximum(0.5 * (high - low), settings.explore.least_spread)))


def cooled_population(
    counted: CountedTarget, wide: Gaussian, rng: np.random.Generator, settings: Settings = DEFAULT
) -> list[tuple[Float[np.ndarray, "N D"], Float[np.ndarray, " N"]]]:
    """Cool a population from a wide Gaussian to the target.

    Args:
        counted: the target.
        wide: π₀, within whose reach modes are looked for.
        rng: decides every draw.
        settings: the thresholds.

    Returns:
        For each β the points, and the log density at each, in nats; the last β is 1 unless the
        population got stuck. Nothing where there are more coordinates than such moves can handle.
    """
    explore = settings.explore
    if counted.dim > explore.max_dim:
        return []
    size, moves = int(np.clip(explore.size_per_dim * counted.dim, *explore.sizes)), explore.moves
    if counted.target.on_host:
        size, moves = explore.size_on_host, explore.moves_on_host
    x = wide.color(rng.standard_normal((size, counted.dim)))
    log_p = counted.values(x)
    beta, scale, cooled = 0.0, 1.0, []
    for _ in range(explore.max_temperatures):
        usable = np.isfinite(log_p)
        if usable.sum() < 2 or beta == 1.0:
            break
        step, log_w = _cooler(log_p - wide.log_prob(x), usable, 1.0 - beta)
        beta = 1.0 if step >= 1.0 - beta else beta + step
        chosen = _resampled(log_w, rng)
        x, log_p = x[chosen], log_p[chosen]
        for _ in range(moves):
            x, log_p, accepted = _moved(counted, wide, x, log_p, beta, scale, rng, explore)
            scale = np.clip(scale * np.exp(accepted - explore.acceptance), *explore.scales)
        cooled.append((x, log_p))
    return cooled


def _cooler(
    log_ratio: Float[np.ndarray, " N"], usable: np.ndarray, most: float
) -> tuple[float, Float[np.ndarray, " N"]]:
    """The step of β that halves the effective sample size, by bisection; and the log weights."""
    log_ratio = np.where(usable, log_ratio, -np.inf)
    log_ratio = log_ratio - log_ratio.max()

    def halves(step):
        w = np.exp(step * log_ratio)
        return w.sum() ** 2 < 0.5 * usable.sum() * (w**2).sum()

    if not halves(most):
        return most, most * log_ratio
    low, high = np.log(most) - 50.0, np.log(most)
    while high - low > 0.05:
        middle = 0.5 * (low + high)
        low, high = (low, middle) if halves(np.exp(middle)) else (middle, high)
    return float(np.exp(low)), np.exp(low) * log_ratio


def _resampled(log_w: Float[np.ndarray, " N"], rng: np.random.Generator) -> np.ndarray:
    """Systematic resampling: rows, each as often as its weight says, to within one."""
    cumulative = np.cumsum(np.exp(log_w))
    positions = (rng.uniform() + np.arange(len(log_w))) / len(log_w) * cumulative[-1]
    return np.minimum(np.searchsorted(cumulative, positions), len(log_w) - 1)


def _moved(counted, wide, x, log_p, beta, scale, rng, explore):
    """One Metropolis move of every point, along the difference of two others."""
    size, dim = x.shape
    lengths = (
        scale * 2.38 / np.sqrt(2.0 * dim) * np.exp(explore.scatter * rng.standard_normal(size))
    )
    first, second = rng.integers(size, size=size), rng.integers(size, size=size)
    noise = explore.noise * rng.standard_normal((size, dim)) @ wide.cholesky.T
    y = x + lengths[:, None] * (x[first] - x[second]) + noise
    y_log_p = counted.values(y)
    log_ratio = beta * (y_log_p - log_p) + (1.0 - beta) * (wide.log_prob(y) - wide.log_prob(x))
    take = np.isfinite(y_log_p) & (np.log(rng.uniform(size=size)) < log_ratio)
    x = np.where(take[:, None], y, x)
    return x, np.where(take, y_log_p, log_p), float(take.mean())
