r"""Directions along which a density is constant, asked before any work is spent on it.

Priors that are missing leave a density constant along a line that need not be an axis: a − b is all
that the data say of a + b. Such a direction is orthogonal to the gradient at every point, and so it
is found to float64's precision among the right singular vectors of gradients at many points.
"""

import numpy as np
from jaxtyping import Float
from scipy.linalg import solve_triangular

from fluvial.inference.checks.improper import complaint_along
from fluvial.inference.counted_target import CountedTarget
from fluvial.inference.settings import DEFAULT, Settings

__all__ = ["unidentified_complaint"]

_INVERSE_STEPS = 3  # arithmetic: each makes what no row sees larger by eps^-1


def unidentified_complaint(
    counted: CountedTarget,
    points: Float[np.ndarray, "N D"],
    rng: np.random.Generator,
    settings: Settings = DEFAULT,
) -> str | None:
    """Look for directions along which the density is constant, or does not fall off.

    Args:
        counted: the target.
        points: where the density is finite, such as starts and the ends of climbs from them.
        rng: source of the points at which gradients are compared.
        settings: the thresholds.

    Returns:
        A sentence that names the parameters, or None.
    """
    improper = settings.improper
    values, dim = counted.values(points), counted.dim
    moderate = np.isfinite(values) & (np.abs(points).max(axis=1) < improper.moderate)
    if dim > improper.max_dim or not moderate.any():
        return None
    center = points[np.argmax(np.where(moderate, values, -np.inf))]
    cloud = np.repeat(improper.spreads, dim)[:, None] * rng.standard_normal(
        (len(improper.spreads) * dim, dim)
    )
    _, gradients = counted.value_and_grad(np.concatenate([points[moderate], center + cloud]))
    with np.errstate(over="ignore", invalid="ignore"):
        norms = np.linalg.norm(gradients, axis=1)
    rows = (
        gradients[np.isfinite(norms) & (norms > 0.0)]
        / norms[np.isfinite(norms) & (norms > 0.0), None]
    )
    if len(rows) <= dim:
        return None
    directions = _hardly_seen(rows, improper.flat, improper.directions)
    found = complaint_along(counted, center, directions, settings, relaxed=True)
    # The highest point may be in a funnel's neck, which is so narrow that a direction known to
    # sixteen digits has left it long before the far point.
    tame = points[moderate][np.argmin(np.linalg.norm(points[moderate], axis=1))]
    return found or complaint_along(counted, tame, directions, settings)


def _hardly_seen(
    rows: Float[np.ndarray, "N D"], flat: float, most: int
) -> Float[np.ndarray, "M D"]:
    """Right singular vectors of the smallest singular values, the smallest first.

    A few, by inverse iteration with the triangular factor R of the rows, which takes a tenth of the
    time of a singular value decomposition, or less. What no row sees has a singular value of 1e-16,
    and stands out from all others after one step.

    Args:
        rows: N > D of them, of norm 1.
        flat: of the largest singular value, above which a direction is left out.
        most: directions.
    """
    triangle = np.asarray(np.linalg.qr(rows, mode="r"))
    diagonal = np.diag(triangle)
    tiny = np.finfo(float).eps * np.abs(diagonal).max()
    np.fill_diagonal(triangle, np.where(np.abs(diagonal) > tiny, diagonal, tiny))
    shape = len(triangle), min(most, len(triangle))
    block = np.random.default_rng(0).standard_normal(shape)
    for _ in range(_INVERSE_STEPS):
        block = np.linalg.qr(solve_triangular(triangle, block, trans=1))[0]
        block = np.linalg.qr(solve_triangular(triangle, block))[0]
    _, sizes, within = np.linalg.svd(triangle @ block, full_matrices=False)
    directions = (within @ block.T)[::-1]
    # Of rows of norm 1 the largest singular value is at least that of their mean square.
    return directions[sizes[::-1] <= flat * np.linalg.norm(triangle) / len(triangle) ** 0.5]
