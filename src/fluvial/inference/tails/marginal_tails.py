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

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from fluvial.inference.counted_target import CountedTarget
from fluvial.inference.settings import DEFAULT, MarginSettings
from fluvial.inference.tails.outward import Ensemble, OutwardFrame, moved, stepped
from fluvial.posterior.diagonal_gaussian import DiagonalGaussian
from fluvial.posterior.gaussian import Gaussian

__all__ = ["MarginShift", "margin_followed"]

_GRID = 2000  # arithmetic: points of an integral


class MarginShift(NamedTuple):
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


def margin_followed(
    counted: CountedTarget,
    gaussian: Gaussian | DiagonalGaussian,
    points: Float[np.ndarray, "S D"],
    weights: Float[np.ndarray, " S"],
    coordinate: int,
    rng: np.random.Generator,
    settings: MarginSettings = DEFAULT.margin,
) -> MarginShift:
    """Follow a coordinate's margin to both sides, and add what the draws lack there.

    Args:
        counted: the target, asked for some 15,000 gradients.
        gaussian: whose shape whitens the others.
        points: draws.
        weights: of the draws, summing to 1.
        coordinate: whose margin.
        rng: decides which draws are led, and their momenta.
        settings: the thresholds.

    Example:
        >>> import jax.numpy as jnp
        >>> from fluvial.targets import Target
        >>> normal = CountedTarget(Target(lambda x: -0.5 * jnp.sum(x**2), dim=3))
        >>> rng, even = np.random.default_rng(0), np.full(4000, 1 / 4000)
        >>> x, unit = rng.standard_normal((4000, 3)), DiagonalGaussian(np.zeros(3), np.ones(3))
        >>> margin_followed(normal, unit, x, even, 0, rng).largest < 0.02
        True
        >>> short = x[np.abs(x[:, 0]) < 1.8]
        >>> even = np.full(len(short), 1 / len(short))
        >>> margin_followed(normal, unit, short, even, 0, rng).log_sd_shift > 0.05
        True
    """
    x = points[:, coordinate]
    sides = {}
    for sign in (1.0, -1.0):
        frame = OutwardFrame(counted, gaussian, coordinate, sign)
        order = np.argsort(sign * x)
        ranks = np.empty(len(x))
        ranks[order] = np.cumsum(weights[order])
        sides[sign] = ranks, _outward(frame, sign * x, points, weights, ranks, rng, settings)
    return _with_tails(x, weights, sides, settings)


@np.errstate(over="ignore", invalid="ignore", divide="ignore")
def _outward(
    frame: OutwardFrame,
    x: Float[np.ndarray, " S"],
    points: Float[np.ndarray, "S D"],
    weights: Float[np.ndarray, " S"],
    ranks: Float[np.ndarray, " S"],
    rng: np.random.Generator,
    settings: MarginSettings,
) -> _Side:
    count = settings.points
    near = np.where(np.abs(ranks - settings.begin) <= settings.near, weights, 0.0)
    y = frame.whiten(points[_resampled(near, count, rng)])
    v = (x - frame.center) / frame.scale
    mean = weights @ v
    sd = float(np.sqrt(weights @ (v - mean) ** 2))
    y[:, 0] = np.min(v[ranks >= settings.begin])
    now, leap = frame.at(y), 0.8 * y.shape[1] ** -0.25
    for _ in range(settings.settling):
        now, leap = moved(frame, now, leap, rng, settings)
    log_w, delta, found = np.zeros(count), settings.first_step, [(y[0, 0], 0.0, 0.0)]
    for _ in range(settings.most_steps):
        then, gain = stepped(frame, now, delta * sd, settings)
        if not np.var(gain) <= settings.uneven:
            delta *= 0.5
            if delta < settings.shortest_step:
                break
            continue
        w = _normalized(log_w)
        rise = float(np.log(w @ np.exp(gain - gain.max())) + gain.max())
        noise = float(np.var(np.exp(gain - rise))) / count
        t, log_p, variance = found[-1]
        found.append((t + delta * sd, log_p + rise, variance + noise))
        now, log_w = then, log_w + gain
        w = _normalized(log_w)
        if 1.0 / np.sum(w**2) < 0.5 * count:
            chosen = _resampled(w, count, rng)
            now, log_w = Ensemble(*(part[chosen] for part in now)), np.zeros(count)
        if t > mean + settings.farthest * sd or log_p < -settings.deepest:
            break
        now, leap = moved(frame, now, leap, rng, settings)
        if np.var(gain) < settings.even:
            delta = min(settings.longer * delta, settings.longest_step)
    t, log_p, variance = np.array(found).T
    return _Side(frame.center + frame.scale * t, log_p, variance)


def _with_tails(
    x: Float[np.ndarray, " S"],
    weights: Float[np.ndarray, " S"],
    sides: dict,
    settings: MarginSettings,
) -> MarginShift:
    mean, right, between = weights @ x, settings.right, settings.right - settings.begin
    sd = np.sqrt(weights @ (x - mean) ** 2)
    ess = 1.0 / np.sum(weights**2)
    kept, at, mass = np.ones(len(x), bool), [], []
    for sign, (ranks, side) in sides.items():
        end = np.min(sign * x[ranks >= right])
        grid = np.linspace(side.v[0], max(side.v[-1], end), _GRID)
        reached = grid <= side.v[-1]
        density = np.where(reached, np.exp(np.interp(grid, side.v, side.log_p)), 0.0)
        noise = np.interp(grid, side.v, side.variance) + 1.0 / (between * ess)
        low = density * np.exp(-2.0 * np.sqrt(noise))
        inside = density[grid <= end].sum()
        beyond = between * low[grid > end] / inside
        there, own = sign * grid[grid > end], ranks > right
        if beyond @ (there - mean) ** 2 > weights[own] @ (x[own] - mean) ** 2:
            kept &= ~own
            at.append(there)
            mass.append(beyond)
    every, w = np.concatenate([x[kept], *at]), np.concatenate([weights[kept], *mass])
    w = w / w.sum()
    center = w @ every
    spread = np.sqrt(w @ (every - center) ** 2)
    return MarginShift(float((center - mean) / spread), float(np.log(spread / sd)))


def _normalized(log_w: Float[np.ndarray, " C"]) -> Float[np.ndarray, " C"]:
    w = np.exp(log_w - log_w.max())
    return w / w.sum()


def _resampled(
    weights: Float[np.ndarray, " N"], count: int, rng: np.random.Generator
) -> np.ndarray:
    """Systematic resampling."""
    ticks = (np.arange(count) + rng.uniform()) / count * weights.sum()
    return np.minimum(np.searchsorted(np.cumsum(weights), ticks), len(weights) - 1)
