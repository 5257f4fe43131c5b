"""Does the target say the same of a point by itself as among thousands? If not, nothing is right.

XLA has miscompiled sums in large batches, silently and by hundreds of nats (JAX 0.10.2 to 0.12.0 on
CPUs, https://github.com/jax-ml/jax/issues/39103). A density that is noisy, or that depends on the
other points of its batch, shows in the same way.
"""

import numpy as np

from fluvial.inference.counted_target import CountedTarget
from fluvial.inference.settings import DEFAULT, CheckSettings
from fluvial.posterior.pool import Pool

__all__ = ["disagreement"]


def disagreement(
    target: CountedTarget, pool: Pool, settings: CheckSettings = DEFAULT.check
) -> str | None:
    """Evaluate a few of the pool's points again, apart from the others.

    Args:
        target: what is evaluated; one that streams rows is not asked for another pass over them,
            and one whose budget is spent for nothing more.
        pool: points whose log densities came from large batches.
        settings: the thresholds.

    Returns:
        A sentence if any differs by more than 0.01 nat and rounding, else None.
    """
    finite = np.flatnonzero(np.isfinite(pool.log_p))
    if not len(finite) or target.spent or target.target.streamed is not None:
        return None
    rows = finite[np.linspace(0, len(finite) - 1, settings.repeated).astype(int)]
    with target.judging():
        again = target.values(pool.points[rows])
    apart = np.abs(again - pool.log_p[rows])
    if np.all(apart <= settings.apart + settings.rounding * np.abs(pool.log_p[rows])):
        return None
    return (
        f"The log density of the same points differs by up to {np.nanmax(apart):.3g} nats between "
        "large batches and small ones, so no draw can be trusted. Unless it is random or "
        "depends on other points, XLA has compiled it wrongly: please report the model, and try "
        "another release of JAX."
    )
