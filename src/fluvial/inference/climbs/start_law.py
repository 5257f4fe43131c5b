"""The law that climbs and looks start from: Gaussians of several widths about what is known."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from fluvial.constants import LOG_2PI
from fluvial.inference.settings import ExploreSettings
from fluvial.log_sum_exp import log_sum_exp

__all__ = ["StartLaw", "start_law"]


class StartLaw(NamedTuple):
    """A mixture of Gaussians.

    Attributes:
        centers: shape (G, D).
        widths: of each coordinate, shape (G, D).
        shares: of the starts, one a Gaussian.
    """

    centers: Float[np.ndarray, "G D"]
    widths: Float[np.ndarray, "G D"]
    shares: Float[np.ndarray, " G"]

    def sample(self, count: int, rng: np.random.Generator) -> Float[np.ndarray, "count D"]:
        """Draw points, from the Gaussians in turn."""
        which = self._turns(count)
        z = rng.standard_normal((count, self.centers.shape[1]))
        return self.centers[which] + self.widths[which] * z

    def log_each(self, x: Float[np.ndarray, "N D"]) -> Float[np.ndarray, "G N"]:
        """Return the log density of each Gaussian, in nats."""
        log_norm = np.sum(np.log(self.widths), axis=1) + 0.5 * x.shape[1] * LOG_2PI
        squares = [
            np.sum(((x - center) / width) ** 2, axis=1)
            for center, width in zip(self.centers, self.widths, strict=True)
        ]
        return -0.5 * np.stack(squares) - log_norm[:, None]

    def log_prob(self, x: Float[np.ndarray, "N D"]) -> Float[np.ndarray, " N"]:
        """Return the log density, in nats."""
        return log_sum_exp(self.log_each(x) + np.log(self.shares)[:, None], axis=0)

    def _turns(self, count: int) -> Int[np.ndarray, " count"]:
        """Which Gaussian each point is from: as many as its share says, to within one."""
        exact = count * self.shares
        numbers = np.floor(exact).astype(int)
        numbers[np.argsort(numbers - exact, kind="stable")[: count - numbers.sum()]] += 1
        turns = np.concatenate([(np.arange(number) + 0.5) / number for number in numbers])
        return np.repeat(np.arange(len(numbers)), numbers)[np.argsort(turns, kind="stable")]


def start_law(
    origins: Sequence[Float[np.ndarray, "_ D"]],
    settings: ExploreSettings,
    factors: Sequence[float] | None = None,
) -> StartLaw:
    """Center a law on each of some sets of points, as wide as the middle two thirds of them.

    Args:
        origins: such as the first starts, and the modes that are known.
        settings: the factors of these widths, all alike in share, and the least width.
        factors: others in their place.
    """
    factors = factors or settings.factors
    low, middle, high = np.stack(
        [np.percentile(points, [16.0, 50.0, 84.0], axis=0) for points in origins], axis=1
    )
    widths = np.maximum(0.5 * (high - low), settings.least_width)
    size = len(origins) * len(factors)
    return StartLaw(
        np.concatenate([middle for _ in factors]),
        np.concatenate([factor * widths for factor in factors]),
        np.full(size, 1.0 / size),
    )
