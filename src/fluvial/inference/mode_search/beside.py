r"""Where to start a Gaussian for mass next to the approximation that has no mode of its own.

Climbs from the wide part of a density with a narrow core, or from an arm of a banana, all lead back
to what is known. But the points they came from say where the rest is: those that were just looked
at are draws from a known density g, so that weights p/g give its center and its width; and annealed
chains are drawn to where it has its volume, even where looks would have to be too many.
"""

import numpy as np
from jaxtyping import Float

from fluvial.inference.settings import DEFAULT, SearchSettings
from fluvial.posterior.gaussian import Gaussian

__all__ = ["moved", "spread_of"]


def spread_of(
    points: Float[np.ndarray, "N D"],
    log_weights: Float[np.ndarray, " N"],
    shape: Gaussian,
    settings: SearchSettings = DEFAULT.search,
) -> Gaussian | None:
    """Fit the center and the size of a Gaussian to weighted points, but not its shape.

    A full covariance would take more points than there usually are.

    Args:
        points: shape (N, D).
        log_weights: of the points, up to a constant.
        shape: whose covariance is scaled.
        settings: the thresholds.

    Returns:
        The Gaussian, or None if fewer than ``least_points`` count in effect.

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
    if 1.0 / np.sum(weights**2) < settings.least_points - 0.5:
        return None
    center = weights @ points
    squares = np.sum(Gaussian(center, shape.cholesky).whiten(points) ** 2, axis=1)
    scale = float(np.sqrt(weights @ squares / shape.dim))
    return Gaussian(center, scale * shape.cholesky) if scale > 0.0 else None


def moved(
    points: Float[np.ndarray, "N D"], log_ratios: Float[np.ndarray, " N"], overall: Gaussian
) -> float:
    """Return by how much missing mass moves a mean, or a log sd, in sd: two standard errors less.

    A hundredth of the mass, at three standard deviations, adds a tenth to a variance. With weights
    w = p / (Z g) of the draws of g where mass is missing, and 0 elsewhere, mean and variance of a
    coordinate s in standard units move by E[w s] and E[w (s² − 1)].

    Args:
        points: N draws of g.
        log_ratios: ln w.
        overall: the moments without that mass.

    Example:
        >>> import numpy as np
        >>> points = np.resize([-5.0, 5.0], 1000)[:, None]
        >>> unit = Gaussian(np.zeros(1), np.eye(1))
        >>> round(moved(points, np.full(1000, np.log(0.01)), unit), 2)  # of s² − 1 = 24
        0.12
    """
    w = np.exp(np.minimum(log_ratios, 50.0))[:, None]
    z = (points - overall.mean) / overall.sd
    found = []
    for effects in (w * z, 0.5 * w * (z**2 - 1.0)):
        mean, se = effects.mean(axis=0), effects.std(axis=0) / np.sqrt(len(points))
        found.append(np.max(np.abs(mean) - 2.0 * se))
    return float(max(0.0, *found))
