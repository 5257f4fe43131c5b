r"""Whether a model would be easier to fit in its non-centered form.

Where x_j ~ N(m, τ²) and the data say little of x_j, its scale in the posterior is that of its
prior, and grows with ln τ: a funnel, whose neck is narrow where its mouth is wide. With e_j what a
linear regression on all other coordinates leaves of x_j, and z_i coordinate i in units of its
standard deviation,

.. math:: s_{ji} = \operatorname{cov}(\ln |e_j|, z_i)

is the logarithm by which the scale of x_j grows for each of these. Written as m + τ u_j it would
not (Betancourt & Girolami 2015, Hamiltonian Monte Carlo for hierarchical models). Where the data
say much of x_j, or where it is written so already, the scale does not grow; where both is so, it
falls, and what falls alike grows with one another. So the i with the largest |s_ji| counts.
"""

import numpy as np
from jaxtyping import Float

from fluvial.inference.checks.naming import named_along
from fluvial.inference.settings import DEFAULT, CheckSettings
from fluvial.posterior.pool import Pool
from fluvial.targets import Target

__all__ = ["centered_advice", "scale_growth"]

_NAMED = 2  # wording: of the coordinates


def centered_advice(
    target: Target, pool: Pool, settings: CheckSettings = DEFAULT.check
) -> str | None:
    """Name what would be better non-centered, and by what it is scaled.

    Args:
        target: whose parameters are named.
        pool: draws of it.
        settings: the thresholds.

    Returns:
        A sentence, or None where no coordinate rules the scale of three others or more.
    """
    few, many = settings.scaled, settings.scaled_max_dim
    if target.dim > many or target.dim <= few or pool.size <= target.dim:
        return None
    x = pool.points[pool.choose(settings.scaled_draws, 0)]
    growth = scale_growth(x)
    if growth is None:
        return None
    ruling = np.argmax(np.abs(growth), axis=1)
    grows = growth[np.arange(target.dim), ruling] > settings.scale_growth
    head = int(np.argmax(np.bincount(ruling[grows], minlength=target.dim)))
    scaled = np.flatnonzero(grows & (ruling == head))
    if len(scaled) < few:
        return None
    center, unit = np.median(x, axis=0), np.eye(target.dim)
    name = named_along(target, center, unit[head])
    named = [named_along(target, center, unit[j]) for j in scaled[:_NAMED]]
    return (
        f"The scales of {', '.join(named)} and {len(scaled) - _NAMED} more grow with {name}: "
        "written non-centered, as a location plus that scale times a variable of scale 1, they "
        "would be easier to fit, for samplers, too."
    )


def scale_growth(x: Float[np.ndarray, "N D"]) -> Float[np.ndarray, "D D"] | None:
    """Measure s_ji, 0 for j = i; None where a coordinate is constant, or follows from others.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> v = rng.standard_normal(20_000)
        >>> x = np.stack([v, np.exp(v) * rng.standard_normal(20_000)], axis=1)
        >>> scale_growth(x).round(1) + 0.0
        array([[0., 0.],
               [1., 0.]])
    """
    z = x - x.mean(axis=0)
    sd = z.std(axis=0)
    if not (np.isfinite(z).all() and (sd > 0.0).all()):
        return None
    z = z / sd
    try:
        precision = np.linalg.inv(z.T @ z / len(z))
    except np.linalg.LinAlgError:
        return None
    left = np.abs(z @ precision / np.diag(precision))
    if not (np.isfinite(left).all() and (left > 0.0).all()):
        return None
    growth = (np.log(left) - np.log(left).mean(axis=0)).T @ z / len(z)
    np.fill_diagonal(growth, 0.0)
    return growth
