r"""A start for a Gaussian where there is no mode: Laplace's approximation given the heads.

A centered hierarchy or state space has no finite mode: as its scale goes to zero, its density grows
without bound. Given its heads a it has one, b̂(a), which Newton's method finds, and

.. math:: F(a) = \ln p(a, \hat b) - \tfrac12 \ln\det(-H_{bb})

is the log marginal density of the heads up to a constant, by Laplace's approximation (Tierney &
Kadane 1986; Rue et al. 2009, "INLA"), which does have a mode. A few Newton steps lead there, with
F'' for the spread S of the heads, and then

.. math:: b \mid a \sim N\left(\hat b + B (a - \hat a), (-H_{bb})^{-1}\right),
          \qquad B = -H_{bb}^{-1} H_{ba}.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import scipy.linalg
from jaxtyping import Float

from fluvial.inference.counted_target import CountedTarget
from fluvial.inference.settings import DEFAULT, GaussianSettings
from fluvial.posterior.diagonal_gaussian import DiagonalGaussian
from fluvial.posterior.gaussian import Gaussian

__all__ = ["Conditional", "conditional_gaussian"]

_H = 1e-3  # arithmetic: sd, as in find_structure.py
_BLOCK = 256  # memory: scores at once
_HALVINGS = 12  # arithmetic: of a step of Newton's method, in one batch
# Arithmetic: of the largest diagonal element, each tried where the one before is not enough.
_RIDGES = (0.0, 1e-6, 1e-3, 1e-2, 3e-2, 1e-1, 0.3, 1.0)


class Conditional(NamedTuple):
    """What was found.

    Attributes:
        gaussian: about the mode of the heads' marginal density.
        gained: nats by which F is higher there than where the heads were at first.
    """

    gaussian: Gaussian
    gained: float


class _Top(NamedTuple):
    """The others' mode for heads that are held: the point, F, and what the Gaussian is made of."""

    x: Float[np.ndarray, " D"]
    height: float
    factor: Float[np.ndarray, "R R"]
    rows: Float[np.ndarray, "R D"]


@np.errstate(over="ignore", invalid="ignore")
def conditional_gaussian(
    counted: CountedTarget,
    at: DiagonalGaussian,
    heads: Sequence[int],
    settings: GaussianSettings = DEFAULT.gaussian,
) -> Conditional | None:
    """Fit a Gaussian about the mode of the heads' marginal density.

    Args:
        counted: the target, asked for 2 (D − H) gradients an iteration of Newton's method.
        at: where to begin.
        heads: which coordinates are held, a few; none for a plain Laplace approximation.
        settings: the thresholds.

    Returns:
        What was found, or None where the others have no mode, or their Hessian is not finite.
    """
    a = np.asarray(heads, int)
    rest = np.setdiff1d(np.arange(at.dim), a)
    first = top = _top(counted, at.mean, rest, at.sd, settings)
    sd, step, most = at.sd.copy(), np.full(len(a), settings.head_step), settings.head_move
    for _ in range(settings.looks * len(a)):
        if top is None:
            return None
        slope, curvature, best = _look(counted, top, a, rest, at.sd, step, settings)
        if best is not top:  # look again from there, twice as far along what has led there
            step = np.where(best.x[a] != top.x[a], 2.0 * step, step)
            top = best
            continue
        down = curvature < 0.0
        move = np.where(down, -slope / np.where(down, curvature, -1.0), most * np.sign(slope))
        step = np.where(down, np.abs(curvature) ** -0.5, step)
        sd[a] = step = np.clip(step, *settings.head_steps)
        if np.all(np.abs(move) < settings.near * step):
            break
        x = top.x.copy()
        x[a] += np.clip(move, -most, most)
        moved = _top(counted, x, rest, at.sd, settings)
        top = moved if moved is not None and moved.height > top.height else top
    if first is None or top is None:
        return None
    gaussian = _joined(top.x, sd, a, rest, top.factor, top.rows)
    return None if gaussian is None else Conditional(gaussian, top.height - first.height)


def _look(
    counted: CountedTarget,
    top: _Top,
    a: np.ndarray,
    rest: np.ndarray,
    sd: np.ndarray,
    step: np.ndarray,
    settings: GaussianSettings,
) -> tuple[np.ndarray, np.ndarray, _Top]:
    """F's slope and curvature along each head by differences, and the highest point met."""
    slope, curvature, best = np.zeros(len(a)), np.zeros(len(a)), top
    for i, head in enumerate(a):
        sides = []
        for way in (1.0, -1.0):
            x = top.x.copy()
            x[head] += way * step[i]
            sides.append(_top(counted, x, rest, sd, settings))
        known = [side for side in sides if side is not None]
        best = max([best, *known], key=lambda one: one.height)
        if len(known) == 2:
            up, down = (side.height for side in known)
            slope[i] = (up - down) / (2.0 * step[i])
            curvature[i] = (up - 2.0 * top.height + down) / step[i] ** 2
    return slope, curvature, best


def _top(
    counted: CountedTarget,
    x: np.ndarray,
    rest: np.ndarray,
    sd: np.ndarray,
    settings: GaussianSettings,
) -> _Top | None:
    """Climb in the others by Newton's method."""
    for _ in range(settings.newton):
        value, score = (array[0] for array in counted.value_and_grad(x[None]))
        rows = _hessian_rows(counted, x, rest, sd)
        factor = _factored(-0.5 * (rows[:, rest] + rows[:, rest].T))
        if factor is None or not np.isfinite(value):
            return None
        move = scipy.linalg.cho_solve((factor, True), score[rest])
        if float(score[rest] @ move) < settings.decrement:
            return _Top(x, float(value - np.log(np.diag(factor)).sum()), factor, rows)
        moved = _moved(counted, x, rest, move, float(value))
        if moved is None:
            return None
        x = moved
    return None


def _hessian_rows(counted, x, rest, sd) -> Float[np.ndarray, "R D"]:
    """∂²ln p/∂b∂x by central differences of scores."""
    rows = []
    for block in np.array_split(rest, -(-len(rest) // _BLOCK)):
        moves = np.zeros((len(block), len(x)))
        moves[np.arange(len(block)), block] = _H * sd[block]
        scores = counted.value_and_grad(np.concatenate([x + moves, x - moves]))[1]
        up, down = np.split(scores, 2)
        rows.append((up - down) / (2.0 * _H * sd[block])[:, None])
    return np.concatenate(rows)


def _factored(precision: Float[np.ndarray, "R R"]) -> Float[np.ndarray, "R R"] | None:
    """A Cholesky factor; of a matrix that curves the wrong way somewhere, with a ridge."""
    if not np.isfinite(precision).all():
        return None
    scale = np.abs(np.diag(precision)).max()
    for ridge in _RIDGES:
        try:
            return np.linalg.cholesky(precision + ridge * scale * np.eye(len(precision)))
        except np.linalg.LinAlgError:
            continue
    return None


def _moved(counted, x, rest, move, value) -> Float[np.ndarray, " D"] | None:
    """The first of ever shorter steps that climbs."""
    steps = 0.5 ** np.arange(_HALVINGS)
    points = np.tile(x, (_HALVINGS, 1))
    points[:, rest] += steps[:, None] * move
    values = counted.values(points)
    better = np.flatnonzero(np.isfinite(values) & (values > value))
    return points[better[0]] if len(better) else None


def _joined(x, sd, heads, rest, factor, rows) -> Gaussian | None:
    covariance = np.zeros((len(x), len(x)))
    inner = scipy.linalg.cho_solve((factor, True), np.eye(len(rest)))
    slopes = inner @ rows[:, heads]  # (−H_bb)⁻¹ H_ba
    spread = slopes * sd[heads] ** 2
    covariance[np.ix_(rest, rest)] = inner + spread @ slopes.T
    covariance[np.ix_(rest, heads)] = spread
    covariance[np.ix_(heads, rest)] = spread.T
    covariance[heads, heads] = sd[heads] ** 2
    try:
        return Gaussian(x, np.linalg.cholesky(covariance))
    except np.linalg.LinAlgError:
        return None
