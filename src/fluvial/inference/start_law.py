"""The law that climbs and looks start from: Gaussians of several widths about what is known."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from scipy.special import logsumexp

from fluvial.constants import LOG_2PI
from fluvial.inference.settings import ExploreSettings

__all__ = ["StartLaw", "start_law"]


class StartLaw(NamedTuple):
    """A mixture of Gaussians, all alike in weight: each center with each factor of its widths.

    Attributes:
        centers: shape (O, D).
        widths: of each coordinate, shape (O, D).
        factors: of all widths.
    """

    centers: Float[np.ndarray, "O D"]
    widths: Float[np.ndarray, "O D"]
    factors: tuple[float, ...]

    def sample(self, count: int, rng: np.random.Generator) -> Float[np.ndarray, "count D"]:
        """Draw points, from the Gaussians in turn."""
        centers, dim = self.centers.shape
        factors = np.resize(np.repeat(self.factors, centers), count)[:, None]
        which = np.arange(count) % centers
        z = rng.standard_normal((count, dim))
        return self.centers[which] + self.widths[which] * factors * z

    def log_prob(self, x: Float[np.ndarray, "N D"]) -> Float[np.ndarray, " N"]:
        """Return the log density, in nats."""
        terms = []
        for center, width in zip(self.centers, self.widths, strict=True):
            squares = np.sum(((x - center) / width) ** 2, axis=1)
            terms += [
                -0.5 * squares / factor**2 - np.sum(np.log(factor * width))
                for factor in self.factors
            ]
        constant = 0.5 * x.shape[1] * LOG_2PI + np.log(len(terms))
        return np.asarray(logsumexp(np.stack(terms), axis=0)) - constant


def start_law(origins: Sequence[Float[np.ndarray, "_ D"]], settings: ExploreSettings) -> StartLaw:
    """Center a law on each of some sets of points, as wide as the middle two thirds of them.

    Args:
        origins: such as the first starts, and the modes that are known.
        settings: the factors, and the least width.
    """
    low, middle, high = np.stack(
        [np.percentile(points, [16.0, 50.0, 84.0], axis=0) for points in origins], axis=1
    )
    return StartLaw(middle, np.maximum(0.5 * (high - low), settings.least_width), settings.factors)
