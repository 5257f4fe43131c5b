r"""Looks at where a few coordinates are far off and the others are as in q.

Two modes of a model mostly differ in a few of its coordinates: a sign, a swapped pair of labels, a
scale. Looks that are wide in all coordinates at once hit a narrow mode with a probability that
shrinks like (its width / theirs)^D. A look that keeps all but one or two coordinates of a draw of q
pays that price for those alone. It takes many for each pair of coordinates, so only densities that
cost next to nothing are looked at, in dimensions where such pairs are few.
"""

import numpy as np
from jaxtyping import Float

from fluvial.inference.counted_target import CountedTarget
from fluvial.inference.settings import DEFAULT, Settings
from fluvial.log_sum_exp import log_sum_exp
from fluvial.posterior.gaussian import Gaussian
from fluvial.posterior.mixture import Mixture

__all__ = ["count_sideways", "sideways"]


def count_sideways(counted: CountedTarget, settings: Settings = DEFAULT) -> int:
    """Return how many looks are made: so many for each pair of coordinates, up to a limit."""
    search, dim = settings.search, counted.dim
    fewest, most = search.sideways_dims
    if counted.target.on_host or not fewest <= dim <= most:
        return 0
    return min(search.sideways, search.sideways_per_pair * dim * (dim + 1) // 2)


def sideways(
    counted: CountedTarget,
    q: Mixture,
    overall: Gaussian,
    rng: np.random.Generator,
    settings: Settings = DEFAULT,
) -> Float[np.ndarray, "N D"]:
    """Return the looks where the density most exceeds Gaussians in place of q.

    Args:
        counted: the target.
        q: the approximation.
        overall: the Gaussian of q's mean and covariance.
        rng: decides where to look.
        settings: the thresholds.
    """
    search, count = settings.search, count_sideways(counted, settings)
    kept, excess = np.empty((0, counted.dim)), np.empty(0)
    if not count:
        return kept
    draws, _ = q.sample(rng, min(count, search.sideways_chunk))
    for _ in range(count // len(draws)):
        x = _moved(draws, q, overall, rng)
        found = counted.values(x) - _gaussian_log_prob(q, x)
        best = _highest(found, search.sideways_kept)
        kept, excess = np.concatenate([kept, x[best]]), np.concatenate([excess, found[best]])
        best = _highest(excess, search.sideways_kept)
        kept, excess = kept[best], excess[best]
    return kept


def _highest(excess: Float[np.ndarray, " N"], count: int) -> np.ndarray:
    """Rows of the highest, in falling order; what is not finite is left out."""
    usable = np.flatnonzero(np.isfinite(excess))
    if len(usable) > count:
        usable = usable[np.argpartition(-excess[usable], count - 1)[:count]]
    return usable[np.argsort(-excess[usable], kind="stable")]


def _moved(
    draws: Float[np.ndarray, "N D"], q: Mixture, overall: Gaussian, rng: np.random.Generator
) -> Float[np.ndarray, "N D"]:
    """Draws with one or two coordinates from a Cauchy distribution about the overall mean."""
    n, dim = draws.shape
    centers = np.stack([component.gaussian.mean for component in q.components])
    near = centers[rng.choice(len(centers), size=n, p=q.weights)]
    # Half of them keep the others at a mode's center, from where a narrow mode is sooner seen.
    x = np.where(rng.uniform(size=(n, 1)) < 0.5, draws, near)
    sd = np.sqrt(np.sum(overall.cholesky**2, axis=1))
    rows = np.arange(n)
    for _ in range(2):
        column = rng.integers(dim, size=n)
        x[rows, column] = overall.mean[column] + sd[column] * rng.standard_cauchy(n)
    return x


def _gaussian_log_prob(q: Mixture, x: Float[np.ndarray, "N D"]) -> Float[np.ndarray, " N"]:
    """Of the components' Gaussians: flows would cost more than the looks are worth."""
    terms = [component.gaussian.log_prob(x) for component in q.components]
    return log_sum_exp(np.stack(terms, axis=1) + np.log(q.weights), axis=1)
