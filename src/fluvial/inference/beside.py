r"""Where to start a Gaussian for mass next to the approximation that has no mode of its own.

Climbs from the wide part of a density with a narrow core, or from an arm of a banana, all lead back
to what is known. But the points they came from say where the rest is: those that were just looked
at are draws from a known density g, so that weights p/g give its center and its width; and annealed
chains are drawn to where it has its volume, even where looks would have to be too many.
"""

import numpy as np
from jaxtyping import Float

from fluvial.posterior.gaussian import Gaussian

__all__ = ["spread_of"]

_FEWEST = 4  # points: of fewer a spread says nothing


def spread_of(
    points: Float[np.ndarray, "N D"], log_weights: Float[np.ndarray, " N"], shape: Gaussian
) -> Gaussian | None:
    """Fit the center and the size of a Gaussian to weighted points, but not its shape.

    A full covariance would take more points than there usually are.

    Args:
        points: shape (N, D).
        log_weights: of the points, up to a constant.
        shape: whose covariance is scaled.

    Returns:
        The Gaussian, or None if fewer than four points count in effect.

    Example:
        >>> import numpy as np
        >>> corners = np.array([[3.0, 3.0], [3.0, -3.0], [-3.0, 3.0], [-3.0, -3.0]])
        >>> unit = Gaussian(np.zeros(2), np.eye(2))
        >>> spread_of(corners, np.zeros(4), unit).cholesky.tolist()
        [[3.0, 0.0], [0.0, 3.0]]
    """
    if not np.isfinite(log_weights).any():
        return None
    weights = np.exp(log_weights - log_weights.max())
    weights /= weights.sum()
    if 1.0 / np.sum(weights**2) < _FEWEST - 0.5:
        return None
    center = weights @ points
    squares = np.sum(Gaussian(center, shape.cholesky).whiten(points) ** 2, axis=1)
    scale = float(np.sqrt(weights @ squares / shape.dim))
    return Gaussian(center, scale * shape.cholesky) if scale > 0.0 else None
