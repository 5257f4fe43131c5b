r"""Parameters whose tails fall off so slowly that they have no variance, or not even a mean.

Draws can be right, quantile by quantile, where the moments that a summary shows do not exist: a
Cauchy prior on a coefficient of which the data give no upper bound leaves such a posterior. If the
density along coordinate i falls off as :math:`|x_i|^{-\alpha}` with all others held, then

.. math:: E[|x_i|^m \mid x_{-i}] = \infty \text{ for } m \ge \alpha - 1,

at any such point, and so is :math:`E|x_i|^m`. The converse does not hold, and of draws alone the
shape of their tails (Pareto k-hat) says less than two evaluations far out.
"""

import numpy as np

from fluvial.inference.checks.improper import slopes_along
from fluvial.inference.checks.naming import named_along
from fluvial.inference.counted_target import CountedTarget
from fluvial.inference.settings import DEFAULT, Settings
from fluvial.posterior.pool import Pool

__all__ = ["heavy_tails"]

_ROUNDING = 1e-3  # arithmetic: of a slope between two points far out
_MOST_NAMED = 3  # wording


def heavy_tails(counted: CountedTarget, pool: Pool, settings: Settings = DEFAULT) -> list[str]:
    """Return a sentence that names the parameters without a variance, if there are any.

    Args:
        counted: the target.
        pool: draws, which say where to look from, and how far is far.
        settings: the thresholds.

    Example:
        >>> import jax.numpy as jnp
        >>> from fluvial.targets import Target
        >>> cauchy = CountedTarget(Target(lambda x: -jnp.log1p(jnp.sum(x**2)), dim=1))
        >>> pool = Pool(np.linspace(-3.0, 3.0, 7)[:, None], np.zeros(7), np.full(7, -np.log(7.0)))
        >>> heavy_tails(cauchy, pool)[0][:60]
        'Along x[0] the density falls off as slowly as 1/distance^2.0'
    """
    dim = counted.dim
    if not pool.size or dim > settings.improper.max_dim:
        return []
    center, sd = np.median(pool.points, axis=0), pool.points.std(axis=0)
    slopes, matters = slopes_along(counted, center, np.diag(sd), settings, power=3.0)
    slope = np.where(matters, slopes, -np.inf).reshape(2, dim).max(axis=0)
    heavy = np.flatnonzero(slope >= -3.0 - _ROUNDING)
    if not len(heavy):
        return []
    heavy = heavy[np.argsort(-slope[heavy], kind="stable")]
    named = [named_along(counted.target, center, np.eye(1, dim, i)[0]) for i in heavy[:_MOST_NAMED]]
    more = f" and {len(heavy) - _MOST_NAMED} more" if len(heavy) > _MOST_NAMED else ""
    worst = slope[heavy[0]]
    missing = "mean and no sd" if worst >= -2.0 - _ROUNDING else "sd"
    return [
        f"Along {', '.join(named)}{more} the density falls off as slowly as "
        f"1/distance^{-worst:.1f}, so there is no {missing}: read quantiles, not moments."
    ]
