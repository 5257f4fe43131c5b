r"""The Laplace approximation of a mode, by the true Hessian rather than what L-BFGS makes of it.

L-BFGS builds its inverse Hessian from the steps that it happened to take, and on a narrow mode that
it reached in few of them the result can be a hundred times too wide. The Hessian is taken here by
central differences of scores: first along the axes, at a step that suits coordinates of order one;
then, as often as it takes, along the axes of the ellipsoid that the last one gave, at a small
fraction of each, so that steps suit a mode of any width:

.. math:: L^\top H L \approx \frac{1}{2h} L^\top [\nabla \ln p(x + h L) - \nabla \ln p(x - h L)].

At an optimum with the right L this is −I.
"""

import numpy as np
from jaxtyping import Float

from fluvial.inference.counted_target import Meter
from fluvial.posterior.gaussian import Gaussian

__all__ = ["laplace", "laplace_or"]

_FIRST_STEP = 1e-4  # Stan's, for coordinates of order one
_STEP = 0.03  # standard deviations: what is left of the third derivative is 1e-3 of the second
_PASSES = 5
_SETTLED = 2.0  # by which factor at most the last pass changed a variance
_MAX_CONDITION = 1e12


def laplace(meter: Meter, x: Float[np.ndarray, " D"]) -> Gaussian | None:
    """Fit N(x, (−H)⁻¹) with the Hessian H of the log density at x.

    It costs 2D scores a pass, and mostly two passes.

    Args:
        meter: the target.
        x: an optimum, shape (D,).

    Returns:
        The Gaussian, or None where the density does not curve downwards in every direction, as on
        a ridge, at a saddle, or at an edge.
    """
    current = Gaussian(x, np.eye(meter.dim))
    step = _FIRST_STEP
    for _ in range(_PASSES):
        precision = _whitened_precision(meter, current, step)
        if precision is None:
            return None
        values, vectors = np.linalg.eigh(precision)
        largest = np.abs(values).max()
        if not largest > 0.0:
            return None
        settled = step == _STEP and largest < _SETTLED and values[0] > 1.0 / _SETTLED
        # A direction that curves upwards, or not at all, may do so at this step alone.
        widths = np.maximum(np.abs(values), largest / _MAX_CONDITION) ** -0.5
        current = _refined(current, vectors * widths)
        if settled:
            return current
        step = _STEP
    return None


def laplace_or(meter: Meter, x: Float[np.ndarray, " D"], other: Gaussian) -> Gaussian:
    """Fit as ``laplace`` does, or return another Gaussian where that cannot be done."""
    fitted = laplace(meter, x)
    return other if fitted is None else fitted


def _whitened_precision(meter: Meter, at: Gaussian, step: float) -> np.ndarray | None:
    """−LᵀHL by central differences of scores along the columns of L."""
    moves = step * at.cholesky.T
    _, scores = meter.value_and_grad(np.concatenate([at.mean + moves, at.mean - moves]))
    if not np.isfinite(scores).all():
        return None
    high, low = np.split(scores, 2)
    with np.errstate(over="ignore", invalid="ignore"):
        product = (low - high) @ at.cholesky / (2.0 * step)
    return 0.5 * (product + product.T) if np.isfinite(product).all() else None


def _refined(at: Gaussian, factor: np.ndarray) -> Gaussian:
    """N(x, L F (L F)ᵀ) with a lower triangular factor."""
    upper = np.asarray(np.linalg.qr((at.cholesky @ factor).T, mode="r"))
    signs = np.where(np.diag(upper) < 0.0, -1.0, 1.0)
    return Gaussian(at.mean, upper.T * signs)
