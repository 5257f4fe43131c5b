"""An ensemble of points that share one coordinate, moved with it and while it is held."""

from abc import ABC, abstractmethod
from typing import NamedTuple, final

import numpy as np
from jaxtyping import Float

from fluvial.inference.counted_target import CountedTarget
from fluvial.inference.settings import DEFAULT, MarginSettings
from fluvial.posterior.diagonal_gaussian import DiagonalGaussian
from fluvial.posterior.gaussian import Gaussian

__all__ = ["Coordinates", "Ensemble", "OutwardFrame", "moved", "stepped"]


class Ensemble(NamedTuple):
    """Points, often with one value of the first coordinate.

    Attributes:
        y: in whitened coordinates, shape (C, D).
        value: log density at each, in nats.
        score: its gradient there.
    """

    y: Float[np.ndarray, "C D"]
    value: Float[np.ndarray, " C"]
    score: Float[np.ndarray, "C D"]


class Coordinates(ABC):
    """Whitened coordinates, of which transitions hold the first ones.

    Attributes:
        held: how many.
    """

    held: int

    @abstractmethod
    def at(self, y: Float[np.ndarray, "N D"]) -> Ensemble:
        """Values and scores; what is not finite is never accepted."""


@final
class OutwardFrame(Coordinates):
    """Whitened coordinates, turned so that the first of them is v alone, and grows outward.

    Attributes:
        held: that one.
        scale: of v, for each unit of the first coordinate.
        center: of v, where that is 0.
    """

    held = 1

    def __init__(
        self,
        counted: CountedTarget,
        gaussian: Gaussian | DiagonalGaussian,
        coordinate: int,
        sign: float,
    ):
        self._counted, self._gaussian = counted, gaussian
        factor = gaussian.factor
        row = np.eye(1, len(factor), coordinate)[0] * factor if factor.ndim == 1 else None
        row = factor[coordinate] if row is None else row
        self.scale, self.center = float(np.linalg.norm(row)), sign * gaussian.mean[coordinate]
        mirror = sign * row / self.scale
        mirror[0] -= 1.0
        self._mirror = mirror / max(float(np.linalg.norm(mirror)), 1e-12)

    def whiten(self, x: Float[np.ndarray, "N D"]) -> Float[np.ndarray, "N D"]:
        """Map points to these coordinates."""
        return self._turned(self._gaussian.whiten(x))

    def at(self, y: Float[np.ndarray, "N D"]) -> Ensemble:
        """Values and scores; what is not finite is never accepted."""
        value, grad = self._counted.value_and_grad(self._gaussian.color(self._turned(y)))
        usable = np.isfinite(value) & np.isfinite(grad).all(axis=1)
        score = self._turned(self._gaussian.pull(np.where(usable[:, None], grad, 0.0)))
        return Ensemble(y, np.where(usable, value, -np.inf), score)

    def _turned(self, z: Float[np.ndarray, "N D"]) -> Float[np.ndarray, "N D"]:
        return z - 2.0 * (z @ self._mirror)[:, None] * self._mirror


def stepped(
    frame: OutwardFrame,
    now: Ensemble,
    step: float,
    settings: MarginSettings = DEFAULT.margin,
) -> tuple[Ensemble, np.ndarray]:
    """Take the ensemble to the next value of v; also its log weights.

    With the map between the Gaussians whose means and widths the scores before and after show, or
    without it, whichever leaves the weights more even.

    Args:
        frame: the coordinates.
        now: where the points are.
        step: outward, in the first coordinate.
        settings: the thresholds.
    """
    y = now.y.copy()
    y[:, 0] += step
    straight = frame.at(y)
    plain = straight.value - now.value
    scale, old, new = _map(now, straight, settings)
    centered = now.y - now.y.mean(axis=0)
    y = now.y.mean(axis=0) + new + np.exp(scale) * (centered - old)
    y[:, 0] = straight.y[:, 0]
    mapped = frame.at(y)
    gain = mapped.value - now.value + np.sum(scale[1:])
    return (mapped, gain) if _spread(gain) <= _spread(plain) else (straight, plain)


def _spread(log_w: Float[np.ndarray, " C"]) -> float:
    return float(np.var(log_w)) if np.isfinite(log_w).all() else np.inf


def _map(
    now: Ensemble, then: Ensemble, settings: MarginSettings
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Log ratios of widths, and where the Gaussians are centered, before and after.

    The score of a Gaussian falls by one over its variance, and is 0 in its center. A change that
    is within the noise of the ensemble is not followed.
    """
    x = now.y - now.y.mean(axis=0)
    squares = np.maximum(np.sum(x**2, axis=0), 1e-300)
    change = then.score - now.score
    height, rise = now.score.mean(axis=0), change.mean(axis=0)
    slope, steeper = np.sum(x * now.score, axis=0) / squares, np.sum(x * change, axis=0) / squares
    left = np.sum((change - rise - x * steeper) ** 2, axis=0) / (len(now.y) - 2)
    noise, flat = settings.noise, settings.flat
    surely = np.nan_to_num(np.clip(1.0 - noise * left / squares / steeper**2, 0.0, 1.0))
    moves = np.nan_to_num(np.clip(1.0 - noise * left / len(now.y) / rise**2, 0.0, 1.0))
    after = slope + surely * steeper
    usable = (slope < -flat) & (after < -flat) & ((surely > 0.0) | (moves > 0.0))
    slope, after = np.where(usable, slope, -1.0), np.where(usable, after, -1.0)
    old = np.where(usable, -height / slope, 0.0)
    new = np.where(usable, -(height + moves * rise) / after, 0.0)
    return 0.5 * np.log(slope / after), old, new


def moved(
    frame: Coordinates,
    now: Ensemble,
    leap: float,
    rng: np.random.Generator,
    settings: MarginSettings = DEFAULT.margin,
) -> tuple[Ensemble, float]:
    """A Hamiltonian transition; also the length of the next leapfrogs.

    Args:
        frame: the coordinates.
        now: where the points are.
        leap: the length of leapfrogs.
        rng: decides momenta, and what is accepted.
        settings: the thresholds, among them how many leapfrogs a transition has.
    """
    momentum, size = rng.standard_normal(now.y.shape), leap * rng.uniform(0.8, 1.2)
    momentum[:, : frame.held] = 0.0
    p, end = momentum, now
    for _ in range(settings.leapfrogs):
        p = p + 0.5 * size * end.score
        p[:, : frame.held] = 0.0
        end = frame.at(end.y + size * p)
        p = p + 0.5 * size * end.score
        p[:, : frame.held] = 0.0
    ratio = end.value - now.value + 0.5 * np.sum(momentum**2 - p**2, axis=1)
    accepted = np.exp(np.minimum(np.where(np.isnan(ratio), -np.inf, ratio), 0.0))
    take = rng.uniform(size=len(now.y)) < accepted
    parts = (
        np.where(take.reshape((-1,) + (1,) * (b.ndim - 1)), a, b)
        for a, b in zip(end, now, strict=True)
    )
    excess = accepted.mean() - settings.acceptance
    return Ensemble(*parts), leap * float(np.exp(0.7 * excess))
