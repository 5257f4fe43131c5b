r"""Where a density is a product: too many modes to be listed are a few in each factor.

A density of D factors with two modes each has 2^D modes, which no search can count; but as

.. math:: \ln p(x) = \sum_b f_b(x_b) + \text{const}

its D margins are known from values along D lines, on which nothing is missed that is wider than a
thousandth of the line. A flow then takes each coordinate by :math:`F_i^{-1} \circ \Phi` (see
``Margins``), and a factor of several coordinates by its Laplace approximation, if it has one mode.
Weights, and the search for mass outside, judge the whole as they judge any other.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.special import ndtri

from fluvial.constants import LOG_2PI
from fluvial.flows import Margins
from fluvial.inference.choosing import Choice
from fluvial.inference.climbing import Optimum
from fluvial.inference.counted_target import CountedTarget
from fluvial.inference.factors import heads_of
from fluvial.inference.laplace import laplace_or
from fluvial.inference.matching import Matched
from fluvial.inference.run import Run
from fluvial.inference.settings import Settings
from fluvial.inference.verdict import is_accurate
from fluvial.inference.weighing import weigh
from fluvial.posterior.gaussian import Gaussian
from fluvial.posterior.mixture import FlowComponent

__all__ = ["Margin", "Product", "margin_of", "match_product"]

_DEEP = 50.0  # nats below the highest density, where a margin ends
_DOUBLINGS = np.arange(-3.0, 18.0)  # of one sd, to see where that is
_HEADS = 64  # that are looked at there, too
_OUTLINE, _GRID = 513, 2049  # points on a line
_BINS, _BOUND = 128, 6.0
_BLEND = 1e-4  # of a spline with the identity: no bin is too narrow for float32
_NOTE = (
    "The density is a product of {} factors, so that modes need not be counted: each coordinate's "
    "own density was integrated along a line."
)


class Margin(NamedTuple):
    """The map from N(0, 1) to one coordinate's density, shifted and scaled.

    Attributes:
        middle: of the interval that [−6, 6] is mapped to.
        scale: its length by that of [−6, 6].
        z: knots, shape (K + 1,).
        x: where these are mapped to, before they are scaled and shifted.
        slopes: there.
    """

    middle: float
    scale: float
    z: Float[np.ndarray, " knots"]
    x: Float[np.ndarray, " knots"]
    slopes: Float[np.ndarray, " knots"]


class Product(NamedTuple):
    """What was matched factor by factor, and a sentence on it."""

    matched: Matched
    note: str


def match_product(run: Run, labels: Int[np.ndarray, " D"], ends: list[Optimum]) -> Product | None:
    """Match each factor of a product.

    Args:
        run: the fit.
        labels: for each coordinate the factor that it belongs to.
        ends: of climbs.

    Returns:
        What was matched; or None where a factor of several coordinates is not a Gaussian.
    """
    counted, settings = run.counted, run.settings
    heads, alone = heads_of(ends), np.bincount(labels)[labels] == 1
    if not alone.any() or not _of_one_mode(heads, alone, settings):
        return None
    top = max((end for end in ends if end.converged), key=lambda end: end.log_p)
    base = laplace_or(counted, top.x, top.gaussian, settings)
    margins = _margins(counted, heads, base.sd, np.flatnonzero(alone))
    if margins is None:
        return None
    fitted = weigh([_component(base, alone, margins)], run)
    if not is_accurate(fitted.weights, settings):
        return None
    choice = Choice(f"margins,bins={_BINS}")
    return Product(Matched(fitted, None, choice=choice), _NOTE.format(labels.max() + 1))


def _of_one_mode(heads: Float[np.ndarray, "M D"], alone: np.ndarray, settings: Settings) -> bool:
    """Whether all climbs agree on the coordinates that are not alone."""
    same = settings.climb.same
    rest = heads[:, ~alone]
    return bool(np.allclose(rest, rest[:1], rtol=same, atol=same))


def _margins(
    counted: CountedTarget,
    heads: Float[np.ndarray, "M D"],
    sd: Float[np.ndarray, " D"],
    coordinates: Int[np.ndarray, " C"],
) -> dict[int, Margin] | None:
    """The margins of coordinates, or None where one of them has no end."""
    found, x = {}, heads[0]
    steps = 2.0**_DOUBLINGS
    for i in map(int, coordinates):
        at = x[i] + sd[i] * np.concatenate([-steps, [0.0], steps])
        at = np.unique(np.concatenate([at, heads[:_HEADS, i]]))
        for count in (_OUTLINE, _GRID):
            inner = np.flatnonzero(_above(_along(counted, x, i, at)))
            if inner[0] == 0 or inner[-1] == len(at) - 1:
                return None
            at = np.linspace(at[inner[0] - 1], at[inner[-1] + 1], count)
        margin = margin_of(at, _along(counted, x, i, at))
        if margin is None:
            return None
        found[i] = margin
    return found


def _along(
    counted: CountedTarget, x: Float[np.ndarray, " D"], i: int, at: Float[np.ndarray, " N"]
) -> Float[np.ndarray, " N"]:
    line = np.tile(x, (len(at), 1))
    line[:, i] = at
    return np.nan_to_num(counted.values(line), nan=-np.inf, posinf=-np.inf)


def _above(log_p: Float[np.ndarray, " N"]) -> Bool[np.ndarray, " N"]:
    return log_p > log_p.max() - _DEEP


def margin_of(at: Float[np.ndarray, " N"], log_p: Float[np.ndarray, " N"]) -> Margin | None:
    """Return the spline for a density on a grid, or None if that is too coarse for it.

    Knots are apart alike in z + x, so that they lie where either of the two changes.

    Args:
        at: the grid, evenly spaced.
        log_p: the log density there, in nats and up to a constant.
    """
    z, t, p = _quantiles(at, np.exp(log_p - log_p.max()))
    if len(z) < 2 or z[0] > -_BOUND or z[-1] < _BOUND:
        return None
    low, high = np.interp([-_BOUND, _BOUND], z, t)
    middle, scale = 0.5 * (low + high), (high - low) / (2.0 * _BOUND)
    x = (t - middle) / scale
    normal = np.exp(-0.5 * (z**2 + LOG_2PI))
    dx, dz = np.stack([normal, p * scale]) / (normal + p * scale)
    steps = (1.0 - _BLEND) * z + _BLEND * x, (1.0 - _BLEND) * x + _BLEND * z
    slopes = ((1.0 - _BLEND) * dx + _BLEND * dz) / ((1.0 - _BLEND) * dz + _BLEND * dx)
    knots = np.linspace(-2.0 * _BOUND, 2.0 * _BOUND, _BINS + 1)
    z_knots = np.interp(knots, sum(steps), steps[0])
    x_knots = knots - z_knots
    z_knots[[0, -1]] = x_knots[[0, -1]] = -_BOUND, _BOUND
    slopes = np.exp(np.interp(knots, sum(steps), np.log(slopes)))
    return Margin(float(middle), float(scale), z_knots, x_knots, slopes)


def _quantiles(at: Float[np.ndarray, " N"], p: Float[np.ndarray, " N"]) -> Float[np.ndarray, "3 M"]:
    """For points of the grid the normal quantile that they are mapped from, and their density.

    Both tails are summed from their ends, so that neither is lost to rounding.
    """
    cells = 0.5 * (p[1:] + p[:-1])
    below = np.append(0.0, np.cumsum(cells)) / cells.sum()
    beyond = np.append(np.cumsum(cells[::-1])[::-1], 0.0) / cells.sum()
    z = np.where(below < 0.5, ndtri(below), -ndtri(beyond))
    rising = np.isfinite(z)
    rising[1:] &= z[1:] > z[:-1]
    density = p / cells.sum() / (at[1] - at[0])
    return np.stack([z, at, density])[:, rising]


def _component(
    base: Gaussian, alone: Bool[np.ndarray, " D"], margins: dict[int, Margin]
) -> FlowComponent:
    """A flow of all margins, with a Gaussian for what is not alone."""
    straight = np.linspace(-_BOUND, _BOUND, _BINS + 1)
    columns = [
        margins.get(i, Margin(base.mean[i], 1.0, straight, straight, np.ones(_BINS + 1)))
        for i in range(base.dim)
    ]
    z, x, slopes = (np.stack([margin[part] for margin in columns], axis=1) for part in (2, 3, 4))
    covariance = base.cholesky @ base.cholesky.T
    covariance[alone] = covariance[:, alone] = 0.0
    covariance[alone, alone] = [margins[int(i)].scale ** 2 for i in np.flatnonzero(alone)]
    gaussian = Gaussian(np.array([m.middle for m in columns]), np.linalg.cholesky(covariance))
    return FlowComponent(Margins(z, x, slopes), gaussian)
