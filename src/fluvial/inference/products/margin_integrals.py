r"""Densities of single coordinates, integrated along lines.

The map :math:`F^{-1} \circ \Phi` from N(0, 1) becomes a spline (see ``Margins``). Nothing is missed
on a line that is wider than a thousandth of it.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

from fluvial.constants import LOG_2PI
from fluvial.inference.counted_target import CountedTarget
from fluvial.inference.products.basis import Basis
from fluvial.inference.settings import DEFAULT, ProductSettings

__all__ = ["BINS", "BOUND", "Margin", "margin_of", "margins_along", "straight"]

BINS, BOUND = 128, 6.0  # arithmetic: of a spline
"""Its bins, and where it ends."""
_DOUBLINGS = np.arange(-3.0, 18.0)  # arithmetic: of one sd, until the margin's end is passed
_OUTLINE, _GRID = 513, 2049  # arithmetic: points on a line
_BLEND = 1e-4  # arithmetic: of a spline with the identity, so that no bin is too narrow for float32


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


def straight(middle: float) -> Margin:
    """Return the map that only shifts."""
    knots = np.linspace(-BOUND, BOUND, BINS + 1)
    return Margin(middle, 1.0, knots, knots, np.ones(BINS + 1))


def margins_along(
    counted: CountedTarget | Basis,
    heads: Float[np.ndarray, "M D"],
    sd: Float[np.ndarray, " D"],
    coordinates: Int[np.ndarray, " C"],
    settings: ProductSettings = DEFAULT.product,
) -> dict[int, Margin] | None:
    """Return the margins of coordinates, or None where one of them has no end.

    Args:
        counted: the target, or it in other coordinates.
        heads: points of high density, whose first one the lines cross.
        sd: of each coordinate there.
        coordinates: in which no other one has a part.
        settings: the thresholds.
    """
    found, x = {}, heads[0]
    steps = 2.0**_DOUBLINGS
    for i in map(int, coordinates):
        at = x[i] + sd[i] * np.concatenate([-steps, [0.0], steps])
        at = np.unique(np.concatenate([at, heads[: settings.heads, i]]))
        for count in (_OUTLINE, _GRID):
            inner = np.flatnonzero(_above(_along(counted, x, i, at), settings.deep))
            if inner[0] == 0 or inner[-1] == len(at) - 1:
                return None
            at = np.linspace(at[inner[0] - 1], at[inner[-1] + 1], count)
        margin = margin_of(at, _along(counted, x, i, at))
        if margin is None:
            return None
        found[i] = margin
    return found


def _along(
    counted: CountedTarget | Basis, x: Float[np.ndarray, " D"], i: int, at: Float[np.ndarray, " N"]
) -> Float[np.ndarray, " N"]:
    line = np.tile(x, (len(at), 1))
    line[:, i] = at
    return np.nan_to_num(counted.values(line), nan=-np.inf, posinf=-np.inf)


def _above(log_p: Float[np.ndarray, " N"], deep: float) -> Bool[np.ndarray, " N"]:
    return log_p > log_p.max() - deep


def margin_of(at: Float[np.ndarray, " N"], log_p: Float[np.ndarray, " N"]) -> Margin | None:
    """Return the spline for a density on a grid, or None if that is too coarse for it.

    Knots are apart alike in z + x, so that they lie where either of the two changes.

    Args:
        at: the grid, evenly spaced.
        log_p: the log density there, in nats and up to a constant.
    """
    z, t, p = _quantiles(at, np.exp(log_p - log_p.max()))
    if len(z) < 2 or z[0] > -BOUND or z[-1] < BOUND:
        return None
    low, high = np.interp([-BOUND, BOUND], z, t)
    middle, scale = 0.5 * (low + high), (high - low) / (2.0 * BOUND)
    x = (t - middle) / scale
    normal = np.exp(-0.5 * (z**2 + LOG_2PI))
    dx, dz = np.stack([normal, p * scale]) / (normal + p * scale)
    steps = (1.0 - _BLEND) * z + _BLEND * x, (1.0 - _BLEND) * x + _BLEND * z
    slopes = ((1.0 - _BLEND) * dx + _BLEND * dz) / ((1.0 - _BLEND) * dz + _BLEND * dx)
    knots = np.linspace(-2.0 * BOUND, 2.0 * BOUND, BINS + 1)
    z_knots = np.interp(knots, sum(steps), steps[0])
    x_knots = knots - z_knots
    z_knots[[0, -1]] = x_knots[[0, -1]] = -BOUND, BOUND
    slopes = np.exp(np.interp(knots, sum(steps), np.log(slopes)))
    return Margin(float(middle), float(scale), z_knots, x_knots, slopes)


def _quantiles(at: Float[np.ndarray, " N"], p: Float[np.ndarray, " N"]) -> Float[np.ndarray, "3 M"]:
    """For points of the grid the normal quantile that they are mapped from, and their density.

    Both tails are summed from their ends, so that neither is lost to rounding.
    """
    from scipy.special import ndtri  # a tenth of a second to import

    cells = 0.5 * (p[1:] + p[:-1])
    below = np.append(0.0, np.cumsum(cells)) / cells.sum()
    beyond = np.append(np.cumsum(cells[::-1])[::-1], 0.0) / cells.sum()
    z = np.where(below < 0.5, ndtri(below), -ndtri(beyond))
    rising = np.isfinite(z)
    rising[1:] &= z[1:] > z[:-1]
    density = p / cells.sum() / (at[1] - at[0])
    return np.stack([z, at, density])[:, rising]
