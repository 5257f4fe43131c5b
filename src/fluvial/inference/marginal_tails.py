r"""Does a coordinate's margin go on where the draws end? An ensemble is led outward to see.

Where a coordinate v moves or scales many others, and does so otherwise in its tails than the
approximation does, no draw is ever there, and what is never drawn shows neither in weights nor in
chains that agree. But the margin of v can be followed from where draws are right: with points from
p(rest | v) at one value of v, and transport maps T to the next,

.. math:: \frac{p(v + \delta)}{p(v)} = E\left[\frac{p(v + \delta, T(r))}{p(v, r)} |\det T'|\right],

(Jarzynski 1997; Neal 2001; with maps: Arbel et al. 2021, arXiv 2102.07501), Hamiltonian transitions
that hold v, and resampling where weights become uneven. The map is the one between the Gaussians
whose means and widths the scores at v and v + δ show, coordinate by coordinate. Such an estimate is
rarely far too high (Markov's inequality), often too low: it tells of mass that is missing from
draws, and never that there is too much.
"""

from typing import NamedTuple, final

import numpy as np
from jaxtyping import Float

from fluvial.inference.counted_target import CountedTarget
from fluvial.posterior.diagonal_gaussian import DiagonalGaussian
from fluvial.posterior.gaussian import Gaussian

__all__ = ["Margin", "margin_followed"]

_POINTS = 64
_FROM, _RIGHT = 0.6, 0.9  # quantiles, between which the draws are taken for right
_LEAPFROGS, _ACCEPTED, _SETTLING = 4, 0.75, 5
_FIRST, _LONGEST, _SHORTEST = 0.1, 0.25, 0.004  # sd: steps outward
_MOST_STEPS = 120
_UNEVEN, _EVEN = 0.5, 0.2  # variances of a step's log weights: it is halved; the next is longer
_FARTHEST, _DEEPEST = 4.5, 8.0  # sd, and nats below the start: beyond it nothing matters
_NOISE = 4.0  # squared standard errors, below which a slope or a mean is not followed
_FLAT = 1e-3  # curvatures of less than this share of the Gaussian's are not followed


class Margin(NamedTuple):
    """How far the moments of a coordinate are from those with what lies beyond the draws.

    Both are what two standard errors leave of them, so that 0 means that nothing is known to be
    missing.

    Attributes:
        mean_shift: in standard deviations.
        log_sd_shift: of the log of the standard deviation.
    """

    mean_shift: float
    log_sd_shift: float

    @property
    def largest(self) -> float:
        """The larger of both."""
        return max(abs(self.mean_shift), abs(self.log_sd_shift))


class _Side(NamedTuple):
    """ln p(v) from where it was followed on, with its variance; v grows outward."""

    v: Float[np.ndarray, " K"]
    log_p: Float[np.ndarray, " K"]
    variance: Float[np.ndarray, " K"]


class _Ensemble(NamedTuple):
    y: Float[np.ndarray, "C D"]
    value: Float[np.ndarray, " C"]
    score: Float[np.ndarray, "C D"]


def margin_followed(
    counted: CountedTarget,
    gaussian: Gaussian | DiagonalGaussian,
    points: Float[np.ndarray, "S D"],
    weights: Float[np.ndarray, " S"],
    coordinate: int,
    rng: np.random.Generator,
) -> Margin:
    """Follow a coordinate's margin to both sides, and add what the draws lack there.

    Args:
        counted: the target, asked for some 15,000 gradients.
        gaussian: whose shape whitens the others.
        points: draws.
        weights: of the draws, summing to 1.
        coordinate: whose margin.
        rng: decides which draws are led, and their momenta.

    Example:
        >>> import jax.numpy as jnp
        >>> from fluvial.targets import Target
        >>> normal = CountedTarget(Target(lambda x: -0.5 * jnp.sum(x**2), dim=3))
        >>> rng, even = np.random.default_rng(0), np.full(4000, 1 / 4000)
        >>> x, unit = rng.standard_normal((4000, 3)), DiagonalGaussian(np.zeros(3), np.ones(3))
        >>> margin_followed(normal, unit, x, even, 0, rng).largest < 0.02
        True
        >>> x[:, 0] = np.clip(x[:, 0], -1.5, 1.5)
        >>> margin_followed(normal, unit, x, even, 0, rng).log_sd_shift > 0.05
        True
    """
    x = points[:, coordinate]
    sides = {}
    for sign in (1.0, -1.0):
        frame = _Frame(counted, gaussian, coordinate, sign)
        order = np.argsort(sign * x)
        ranks = np.empty(len(x))
        ranks[order] = np.cumsum(weights[order])
        sides[sign] = ranks, _outward(frame, sign * x, points, weights, ranks, rng)
    return _with_tails(x, weights, sides)


@final
class _Frame:
    """Whitened coordinates, turned so that the first of them is v alone, and grows outward."""

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
        return self._turned(self._gaussian.whiten(x))

    def at(self, y: Float[np.ndarray, "N D"]) -> _Ensemble:
        """Values and scores; what is not finite is never accepted."""
        value, grad = self._counted.value_and_grad(self._gaussian.color(self._turned(y)))
        usable = np.isfinite(value) & np.isfinite(grad).all(axis=1)
        score = self._turned(self._gaussian.pull(np.where(usable[:, None], grad, 0.0)))
        return _Ensemble(y, np.where(usable, value, -np.inf), score)

    def _turned(self, z: Float[np.ndarray, "N D"]) -> Float[np.ndarray, "N D"]:
        return z - 2.0 * (z @ self._mirror)[:, None] * self._mirror


@np.errstate(over="ignore", invalid="ignore", divide="ignore")
def _outward(
    frame: _Frame,
    x: Float[np.ndarray, " S"],
    points: Float[np.ndarray, "S D"],
    weights: Float[np.ndarray, " S"],
    ranks: Float[np.ndarray, " S"],
    rng: np.random.Generator,
) -> _Side:
    near = np.where(np.abs(ranks - _FROM) <= 0.1, weights, 0.0)
    y = frame.whiten(points[_resampled(near, rng)])
    v = (x - frame.center) / frame.scale
    mean = weights @ v
    sd = float(np.sqrt(weights @ (v - mean) ** 2))
    y[:, 0] = np.min(v[ranks >= _FROM])
    now, leap = frame.at(y), 0.8 * y.shape[1] ** -0.25
    for _ in range(_SETTLING):
        now, leap = _moved(frame, now, leap, rng)
    log_w, delta, found = np.zeros(_POINTS), _FIRST, [(y[0, 0], 0.0, 0.0)]
    for _ in range(_MOST_STEPS):
        then, gain = _stepped(frame, now, delta * sd)
        if not np.var(gain) <= _UNEVEN:
            delta *= 0.5
            if delta < _SHORTEST:
                break
            continue
        w = _normalized(log_w)
        rise = float(np.log(w @ np.exp(gain - gain.max())) + gain.max())
        noise = float(np.var(np.exp(gain - rise))) / _POINTS
        t, log_p, variance = found[-1]
        found.append((t + delta * sd, log_p + rise, variance + noise))
        now, log_w = then, log_w + gain
        w = _normalized(log_w)
        if 1.0 / np.sum(w**2) < 0.5 * _POINTS:
            chosen = _resampled(w, rng)
            now, log_w = _Ensemble(*(part[chosen] for part in now)), np.zeros(_POINTS)
        if t > mean + _FARTHEST * sd or log_p < -_DEEPEST:
            break
        now, leap = _moved(frame, now, leap, rng)
        delta = min(1.4 * delta, _LONGEST) if np.var(gain) < _EVEN else delta
    t, log_p, variance = np.array(found).T
    return _Side(frame.center + frame.scale * t, log_p, variance)


def _stepped(frame: _Frame, now: _Ensemble, step: float) -> tuple[_Ensemble, np.ndarray]:
    """Take the ensemble to the next value of v; also its log weights.

    With the map, or without it, whichever leaves the weights more even.
    """
    y = now.y.copy()
    y[:, 0] += step
    straight = frame.at(y)
    plain = straight.value - now.value
    scale, old, new = _map(now, straight)
    centered = now.y - now.y.mean(axis=0)
    y = now.y.mean(axis=0) + new + np.exp(scale) * (centered - old)
    y[:, 0] = straight.y[:, 0]
    mapped = frame.at(y)
    gain = mapped.value - now.value + np.sum(scale[1:])
    return (mapped, gain) if np.var(gain) <= np.var(plain) else (straight, plain)


def _map(now: _Ensemble, then: _Ensemble) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Log ratios of widths, and where the Gaussians are centered, before and after.

    The score of a Gaussian falls by one over its variance, and is 0 in its center. A change that
    is within the noise of the ensemble is not followed.
    """
    x = now.y - now.y.mean(axis=0)
    squares = np.maximum(np.sum(x**2, axis=0), 1e-300)
    change = then.score - now.score
    height, rise = now.score.mean(axis=0), change.mean(axis=0)
    slope, steeper = np.sum(x * now.score, axis=0) / squares, np.sum(x * change, axis=0) / squares
    left = np.sum((change - rise - x * steeper) ** 2, axis=0) / (_POINTS - 2)
    surely = np.nan_to_num(np.clip(1.0 - _NOISE * left / squares / steeper**2, 0.0, 1.0))
    moves = np.nan_to_num(np.clip(1.0 - _NOISE * left / _POINTS / rise**2, 0.0, 1.0))
    after = slope + surely * steeper
    usable = (slope < -_FLAT) & (after < -_FLAT) & ((surely > 0.0) | (moves > 0.0))
    slope, after = np.where(usable, slope, -1.0), np.where(usable, after, -1.0)
    old = np.where(usable, -height / slope, 0.0)
    new = np.where(usable, -(height + moves * rise) / after, 0.0)
    return 0.5 * np.log(slope / after), old, new


def _moved(
    frame: _Frame, now: _Ensemble, leap: float, rng: np.random.Generator
) -> tuple[_Ensemble, float]:
    """A Hamiltonian transition that holds v; also the length of the next leapfrogs."""
    momentum, size = rng.standard_normal(now.y.shape), leap * rng.uniform(0.8, 1.2)
    momentum[:, 0] = 0.0
    p, end = momentum, now
    for _ in range(_LEAPFROGS):
        p = p + 0.5 * size * end.score
        p[:, 0] = 0.0
        end = frame.at(end.y + size * p)
        p = p + 0.5 * size * end.score
        p[:, 0] = 0.0
    ratio = end.value - now.value + 0.5 * np.sum(momentum**2 - p**2, axis=1)
    accepted = np.exp(np.minimum(np.where(np.isnan(ratio), -np.inf, ratio), 0.0))
    take = rng.uniform(size=_POINTS) < accepted
    parts = (
        np.where(take.reshape((-1,) + (1,) * (b.ndim - 1)), a, b)
        for a, b in zip(end, now, strict=True)
    )
    return _Ensemble(*parts), leap * float(np.exp(0.7 * (accepted.mean() - _ACCEPTED)))


def _with_tails(
    x: Float[np.ndarray, " S"], weights: Float[np.ndarray, " S"], sides: dict
) -> Margin:
    mean = weights @ x
    sd = np.sqrt(weights @ (x - mean) ** 2)
    ess = 1.0 / np.sum(weights**2)
    kept, at, mass = np.ones(len(x), bool), [], []
    for sign, (ranks, side) in sides.items():
        end = np.min(sign * x[ranks >= _RIGHT])
        grid = np.linspace(side.v[0], max(side.v[-1], end), 2000)
        reached = grid <= side.v[-1]
        density = np.where(reached, np.exp(np.interp(grid, side.v, side.log_p)), 0.0)
        noise = np.interp(grid, side.v, side.variance) + 1.0 / ((_RIGHT - _FROM) * ess)
        low = density * np.exp(-2.0 * np.sqrt(noise))
        inside = density[grid <= end].sum()
        beyond = (_RIGHT - _FROM) * low[grid > end] / inside
        if beyond.sum() > weights[ranks > _RIGHT].sum():
            kept &= ranks <= _RIGHT
            at.append(sign * grid[grid > end])
            mass.append(beyond)
    every, w = np.concatenate([x[kept], *at]), np.concatenate([weights[kept], *mass])
    w = w / w.sum()
    center = w @ every
    spread = np.sqrt(w @ (every - center) ** 2)
    return Margin(float((center - mean) / spread), float(np.log(spread / sd)))


def _normalized(log_w: Float[np.ndarray, " C"]) -> Float[np.ndarray, " C"]:
    w = np.exp(log_w - log_w.max())
    return w / w.sum()


def _resampled(weights: Float[np.ndarray, " N"], rng: np.random.Generator) -> np.ndarray:
    """Systematic resampling."""
    ticks = (np.arange(_POINTS) + rng.uniform()) / _POINTS * weights.sum()
    return np.minimum(np.searchsorted(np.cumsum(weights), ticks), len(weights) - 1)
