r"""The largest peak that was found, as one Gaussian of its volume.

A mixture follows a ridge that curves by many components, of which each is a small part. Those
between whose centers the mixture has no valley are one peak; its volume is that of the Gaussian of
the same entropy,

.. math:: H = -\sum_i u_i \ln\frac{p(x_i)}{W Z},

over points x of shares u of the mass of the peak, which is a part W of all.
"""

import numpy as np
from jaxtyping import Bool
from scipy.sparse.csgraph import connected_components

from fluvial.constants import LOG_2PI
from fluvial.inference.black_box.history import History
from fluvial.inference.settings import DEFAULT, HillSettings
from fluvial.posterior.diagonal_gaussian import DiagonalGaussian
from fluvial.posterior.gaussian import Gaussian
from fluvial.posterior.mixture import Mixture

__all__ = ["dense", "largest_peak", "linked", "modes_of"]

_BETWEEN = np.arange(1, 8) / 8.0  # arithmetic: of the way between two centers


def largest_peak(
    known: Mixture, history: History, settings: HillSettings = DEFAULT.hill
) -> Gaussian:
    """Return the peak that the component of the largest weight is a part of.

    Args:
        known: a mixture of Gaussians fitted to the points.
        history: points with their densities.
        settings: the thresholds.
    """
    first = int(np.argmax(known.weights))
    own = linked(known, settings)[first]
    shape = dense(known.components[first].gaussian)
    joint = np.stack([component.log_prob(history.x) for component in known.components], axis=1)
    joint = np.exp(joint - joint.max(axis=1, keepdims=True)) * known.weights
    mass = history.shares_of_mass * joint[:, own].sum(axis=1) / joint.sum(axis=1)
    used = mass > 0.0
    if not used.any():
        return shape
    total = mass[used].sum()
    entropy = history.log_evidence + np.log(total) - mass[used] @ history.log_p[used] / total
    more = entropy - 0.5 * shape.dim * (LOG_2PI + 1.0) - shape.log_det
    # A needle on a broad peak is linked to it, and makes it no smaller.
    return Gaussian(shape.mean, np.exp(max(more, 0.0) / shape.dim) * shape.cholesky)


def linked(known: Mixture, settings: HillSettings = DEFAULT.hill) -> Bool[np.ndarray, "K K"]:
    """Tell whether a way without a valley leads from each component to each other one.

    Args:
        known: a mixture of Gaussians.
        settings: the thresholds.
    """
    labels = np.array(modes_of(known, settings))
    return labels[:, None] == labels


def modes_of(known: Mixture, settings: HillSettings = DEFAULT.hill) -> tuple[int, ...]:
    """Return the number of the mode, from 0, that each component is a part of; see ``linked``.

    Args:
        known: a mixture of Gaussians.
        settings: the thresholds.
    """
    centers = np.stack([component.gaussian.mean for component in known.components])
    heights = known.log_prob(centers)
    between = centers[:, None, None] + _BETWEEN[:, None] * (
        centers[None, :, None] - centers[:, None, None]
    )
    along = known.log_prob(between.reshape(-1, centers.shape[1])).reshape(*between.shape[:3])
    lower = np.minimum(heights[:, None], heights)
    touching = along.min(axis=2) >= lower - settings.valley
    _, labels = connected_components(touching, directed=False)
    return tuple(int(label) for label in labels)


def dense(gaussian: Gaussian | DiagonalGaussian) -> Gaussian:
    """Return it with a triangle for its standard deviations.

    Args:
        gaussian: of either kind.
    """
    if isinstance(gaussian, Gaussian):
        return gaussian
    return Gaussian(gaussian.mean, np.diag(gaussian.sd))
