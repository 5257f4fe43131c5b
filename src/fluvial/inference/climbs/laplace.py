r"""The Laplace approximation of a mode, by the true Hessian rather than that of L-BFGS.

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

from fluvial.inference.counted_target import CountedTarget
from fluvial.inference.settings import DEFAULT, Settings
from fluvial.posterior.diagonal_gaussian import DiagonalGaussian
from fluvial.posterior.gaussian import Gaussian

__all__ = ["laplace", "laplace_or", "precision_along"]


def laplace(
    counted: CountedTarget, x: Float[np.ndarray, " D"], settings: Settings = DEFAULT
) -> Gaussian | None:
    """Fit N(x, (−H)⁻¹) with the Hessian H of the log density at x.

    It costs 2D scores a pass, and mostly two passes.

    Args:
        counted: the target.
        x: an optimum, shape (D,).
        settings: the thresholds.

    Returns:
        The Gaussian, or None where the density does not curve downwards in every direction, as on
        a ridge, at a saddle, or at an edge.
    """
    current = Gaussian(x, np.eye(counted.dim))
    climb = settings.climb
    step = climb.first_step
    for _ in range(climb.passes):
        precision = precision_along(counted, current.mean, current.cholesky, step)
        if precision is None:
            return None
        values, vectors = np.linalg.eigh(precision)
        largest = np.abs(values).max()
        if not largest > 0.0:
            return None
        settled = step == climb.step and largest < climb.settled and values[0] > 1.0 / climb.settled
        # A direction that curves upwards, or not at all, may do so at this step alone.
        widths = np.maximum(np.abs(values), largest / climb.max_condition) ** -0.5
        current = _refined(current, vectors * widths)
        if settled:
            return current
        step = climb.step
    return None


def laplace_or(
    counted: CountedTarget,
    x: Float[np.ndarray, " D"],
    other: Gaussian | DiagonalGaussian,
    settings: Settings = DEFAULT,
) -> Gaussian:
    """Fit as ``laplace`` does, or return another Gaussian where that cannot be done."""
    fitted = laplace(counted, x, settings)
    if fitted is not None:
        return fitted
    dense = isinstance(other, Gaussian)
    return other if dense else Gaussian(other.mean, np.diag(other.sd))


def precision_along(
    counted: CountedTarget,
    x: Float[np.ndarray, " D"],
    axes: Float[np.ndarray, "D D"],
    step: float,
) -> Float[np.ndarray, "D D"] | None:
    """Return −AᵀHA by central differences of scores along the columns of A.

    Args:
        counted: the target, asked for 2D gradients.
        x: the point, shape (D,).
        axes: A.
        step: by which x is moved along each of them, both ways.

    Returns:
        The matrix, or None where a score is not finite.
    """
    moves = step * axes.T
    _, scores = counted.value_and_grad(np.concatenate([x + moves, x - moves]))
    if not np.isfinite(scores).all():
        return None
    high, low = np.split(scores, 2)
    with np.errstate(over="ignore", invalid="ignore"):
        product = (low - high) @ axes / (2.0 * step)
    return 0.5 * (product + product.T) if np.isfinite(product).all() else None


def _refined(at: Gaussian, factor: np.ndarray) -> Gaussian:
    """N(x, L F (L F)ᵀ) with a lower triangular factor."""
    upper = np.asarray(np.linalg.qr((at.cholesky @ factor).T, mode="r"))
    signs = np.where(np.diag(upper) < 0.0, -1.0, 1.0)
    return Gaussian(at.mean, upper.T * signs)
