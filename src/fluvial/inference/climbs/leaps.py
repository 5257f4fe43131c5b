r"""Starts for climbs that leave the known modes, in any number of dimensions.

Two modes of a model mostly differ in a few of its coordinates, and where it is a product, all
differences between modes occur at every mode. So climbs start

* at a mode, moved by the difference of two others;
* at draws of q of which one coordinate, or a block of them, is many standard deviations off.

A climb needs to begin in a mode's basin only, and so it takes far fewer of them than it takes looks
(see coordinate_moves.py), whose number grows with the pairs of coordinates.
"""

import numpy as np
from jaxtyping import Float

from fluvial.inference.settings import DEFAULT, Settings
from fluvial.posterior.gaussian import Gaussian
from fluvial.posterior.mixture import Mixture

__all__ = ["leaps"]


def leaps(
    q: Mixture, overall: Gaussian, rng: np.random.Generator, settings: Settings = DEFAULT
) -> Float[np.ndarray, "N D"]:
    """Return points from which a climb may end in a mode that q lacks.

    Args:
        q: the approximation.
        overall: the Gaussian of q's mean and covariance.
        rng: decides where to leap.
        settings: the thresholds.
    """
    means = np.stack([component.gaussian.mean for component in q.components])
    parts = [np.empty((0, q.dim))]
    if len(means) > 1:
        first, second, third = rng.integers(len(means), size=(3, settings.search.leaps))
        parts.append((means[first] + means[second] - means[third])[second != third])
    if q.dim > settings.search.sideways_dims[1]:
        parts.append(_moved(q, overall, rng, settings))
    return np.concatenate(parts)


def _moved(
    q: Mixture, overall: Gaussian, rng: np.random.Generator, settings: Settings
) -> Float[np.ndarray, "N D"]:
    """Draws of which every other one has one coordinate moved, and the rest a block."""
    x, _ = q.sample(rng, settings.search.leaps)
    block = max(2, q.dim // settings.search.leap_block)
    largest = np.where(np.arange(len(x)) % 2 == 0, 1, block)
    sizes = rng.integers(1, largest + 1)
    order = np.argsort(rng.uniform(size=x.shape), axis=1)
    chosen = np.argsort(order, axis=1) < sizes[:, None]
    sd = np.sqrt(np.sum(overall.cholesky**2, axis=1))
    nearest, farthest = np.log(settings.search.leap_lengths)
    lengths = np.exp(rng.uniform(nearest, farthest, len(x)))[:, None]
    signs = rng.choice([-1.0, 1.0], x.shape)
    return np.where(chosen, overall.mean + signs * lengths * sd, x)
