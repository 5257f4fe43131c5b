"""Stage 1: L-BFGS from overdispersed points, and the modes that its ends fall into."""

from dataclasses import dataclass

import numpy as np
import scipy.optimize
from jaxtyping import Float

from fluvial.inference.counted_target import CountedTarget
from fluvial.inference.settings import DEFAULT, Settings
from fluvial.posterior.diagonal_gaussian import DiagonalGaussian
from fluvial.posterior.gaussian import Gaussian

__all__ = ["Optimum", "clusters", "differ", "distinct", "maximize"]

_BAD = 1e300  # what L-BFGS is told where the density is not finite: step back


@dataclass(frozen=True, eq=False)
class Optimum:
    """Where one L-BFGS run ended.

    Attributes:
        x: the point, shape (D,).
        log_p: log density there, in nats.
        gaussian: N(x, H⁻¹) with the inverse Hessian that L-BFGS has built up; where it started
            from independent coordinates, these scales about x.
        converged: False where the run hit its limit, as it does where there is no finite mode.
    """

    x: Float[np.ndarray, " D"]
    log_p: float
    gaussian: Gaussian | DiagonalGaussian
    converged: bool


def maximize(
    counted: CountedTarget,
    start: Gaussian | DiagonalGaussian,
    settings: Settings = DEFAULT,
) -> Optimum | None:
    """Maximize the log density by L-BFGS, in the coordinates that whiten ``start``.

    Returns:
        Where it ended, or None if that is not a finite point.
    """
    trace = []

    def loss(z):
        values, grads = counted.value_and_grad(start.color(z[None]))
        if not (np.isfinite(values[0]) and np.isfinite(grads[0]).all()):
            return _BAD, np.zeros_like(z)
        trace.append(-values[0])
        return -values[0], -start.pull(grads)[0]

    options = {
        "maxiter": settings.climb.iterations,
        "maxcor": settings.climb.curvature_pairs,
        "ftol": settings.climb.relative_gain,
        "gtol": settings.climb.gradient,
    }
    with np.errstate(all="ignore"):
        run = scipy.optimize.minimize(
            loss, np.zeros(start.dim), jac=True, method="L-BFGS-B", options=options
        )
    x = start.color(run.x[None])[0]
    if not np.isfinite(x).all() or run.fun >= _BAD:
        return None
    if isinstance(start, DiagonalGaussian):
        found = DiagonalGaussian(x, start.sd)
    else:
        found = _inverse_hessian(run, x, start)
    return Optimum(x, -float(run.fun), found, run.status == 0)


def _inverse_hessian(run, x: np.ndarray, start: Gaussian) -> Gaussian:
    try:
        dense = run.hess_inv.todense()
        factor = np.linalg.cholesky(0.5 * (dense + dense.T))
    except (np.linalg.LinAlgError, ValueError):
        factor = np.eye(start.dim)
    return Gaussian(x, start.cholesky @ factor)


def differ(counted: CountedTarget, optima: list[Optimum], settings: Settings = DEFAULT) -> bool:
    """Whether climbs ended in more than one mode, or at more than one height.

    One that ended lower than another, without a barrier between them, was lost on a rough slope.
    """
    heights = [optimum.log_p for optimum in optima]
    if not heights or max(heights) - min(heights) > settings.climb.barrier:
        return bool(heights)
    return len(distinct(counted, optima, settings)) > 1


def distinct(
    counted: CountedTarget, optima: list[Optimum], settings: Settings = DEFAULT
) -> list[Optimum]:
    """Keep one optimum a mode, the highest first."""
    heads = [
        max(mode, key=lambda optimum: optimum.log_p) for mode in clusters(counted, optima, settings)
    ]
    return sorted(heads, key=lambda optimum: -optimum.log_p)


def clusters(
    counted: CountedTarget, optima: list[Optimum], settings: Settings = DEFAULT
) -> list[list[Optimum]]:
    """Gather the optima of each mode.

    Two optima belong to one mode if, on the segment between them, the log density never dips more
    than a nat below the lower of the two. Clusters grow by single linkage, so that the many
    optima along a ridge or a ring are one mode.
    """
    ranked = sorted(optima, key=lambda optimum: -optimum.log_p)
    modes: list[list[Optimum]] = []
    for optimum in ranked:
        joined = [
            mode for mode in modes if any(_connected(counted, optimum, o, settings) for o in mode)
        ]
        merged = [member for mode in joined for member in mode] + [optimum]
        modes = [mode for mode in modes if all(mode is not j for j in joined)] + [merged]
    return modes


def _connected(counted: CountedTarget, a: Optimum, b: Optimum, settings: Settings) -> bool:
    if np.allclose(a.x, b.x, rtol=1e-3, atol=1e-3):
        return True
    t = np.linspace(0.0, 1.0, settings.climb.segment_points + 2)[1:-1, None]
    values = counted.values((1.0 - t) * a.x + t * b.x)
    return bool(np.all(values >= min(a.log_p, b.log_p) - settings.climb.barrier))
