"""Climbs under way: L-BFGS of many points, one step of all of them at a time."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial
from typing import final

import numpy as np
from jaxtyping import Bool, Float, Int

from fluvial.all_finite import all_finite
from fluvial.inference.climbs.curvature import Curvature
from fluvial.posterior.diagonal_gaussian import DiagonalGaussian
from fluvial.posterior.gaussian import Gaussian

__all__ = ["Climbs", "Optimum"]

_ARMIJO, _WOLFE = 1e-4, 0.9  # definition: SciPy's line search, Nocedal & Wright (2006, section 3.1)
_MOST_TRIALS = 40  # arithmetic: halvings of a step, beyond which float64 has no digits left
_Rows = slice | Int[np.ndarray, " _"]
_ALL = slice(None)  # by which nothing is copied, where most steps are of all rows


@dataclass(frozen=True, eq=False)
class Optimum:
    """Where one climb ended.

    Attributes:
        x: the point, shape (D,).
        log_p: log density there, in nats.
        shape: makes ``gaussian``, which few climbs are asked for, and takes time as D³ does.
        converged: False where the climb hit its limit, as it does where there is no finite mode.
    """

    x: Float[np.ndarray, " D"]
    log_p: float
    shape: Callable[[], Gaussian | DiagonalGaussian]
    converged: bool

    @cached_property
    def gaussian(self) -> Gaussian | DiagonalGaussian:
        """N(x, H⁻¹) with the inverse Hessian that L-BFGS has built up.

        Where the coordinates were whitened one by one, these scales about x.
        """
        return self.shape()


def _where(mask: Bool[np.ndarray, " R"], rows: _Rows = _ALL) -> _Rows:
    """The rows, of some, for which a mask is true."""
    if _all(mask):
        return rows
    return mask.nonzero()[0] if isinstance(rows, slice) else rows[mask]


def _all(mask: Bool[np.ndarray, " R"]) -> bool:
    """As ``mask.all()``, in a third of the time where there are few."""
    return int(np.count_nonzero(mask)) == len(mask)


@final
class Climbs:
    """Climbs under way; row i of each array belongs to the climb in place i.

    Attributes:
        ends: of the climbs, in the order of their starts.
        left: which climbs were ended from outside, in the order of their starts.
    """

    _STATE = (
        *("index", "z", "grad", "loss", "iterations"),
        *("direction", "slope", "t", "low", "high", "trials"),
    )

    def __init__(self, counted, starts, factor, settings):
        self.counted, self.starts, self.settings = counted, starts, settings.climb
        dim = starts.shape[1]
        if factor is None:  # above, a matrix would take longer than the climbs
            factor = np.ones(dim) if dim > settings.match.dense else np.eye(dim)
        self.factor = factor
        self.ends: list[Optimum | None] = [None] * len(starts)
        self.left = np.zeros(len(starts), bool)
        on_host, climbing = counted.target.on_host, settings.climb
        together = climbing.together_on_host if on_host else climbing.together
        places = min(together, len(starts))
        self.ended = np.zeros(places, bool)
        self.index = np.arange(places)
        self.waiting = places
        self.z, self.grad = np.zeros((places, dim)), np.zeros((places, dim))
        self.loss = np.full(places, np.inf)
        self.direction, self.slope = np.zeros((places, dim)), np.zeros(places)
        self.t, self.low, self.high = np.zeros(places), np.zeros(places), np.full(places, np.inf)
        self.trials, self.iterations = np.zeros(places, int), np.full(places, -1)
        self.curvature = Curvature(places, dim, settings.climb.curvature_pairs)

    @property
    def under_way(self) -> bool:
        """Whether there are climbs that have not ended."""
        return len(self.index) > 0

    @np.errstate(all="ignore")  # where gradients are astronomical
    def step(self) -> None:
        """Try one step of every climb."""
        z = self.z + self.t[:, None] * self.direction
        loss, grad = self._evaluate(z)
        fresh = self.iterations < 0
        if np.count_nonzero(fresh):
            self._begin(fresh.nonzero()[0], loss[fresh], grad[fresh])
            rows = (~fresh).nonzero()[0]
            z, loss, grad = z[rows], loss[rows], grad[rows]
        else:
            rows = _ALL
        if len(loss):
            self._try(rows, z, loss, grad)
        self._close()

    def leave(self, arrived: Callable[[np.ndarray], np.ndarray], iterations: int) -> None:
        """End the climbs of so many iterations that have arrived."""
        rows = np.flatnonzero(self.iterations >= iterations)
        if not len(rows):
            return
        there = self.starts[self.index[rows]] + self._colored(self.z[rows])
        rows = rows[arrived(there)]
        self.left[self.index[rows]] = True
        self._finish(rows, converged=False)
        self._close()

    def _evaluate(self, z):
        x = self.starts[self.index] + self._colored(z)
        values, scores = self.counted.value_and_grad(x)
        grad = -(scores * self.factor if self.factor.ndim == 1 else scores @ self.factor)
        if all_finite(values) and all_finite(grad):
            return -values, grad
        usable = np.isfinite(values) & np.isfinite(grad).all(axis=1)
        return np.where(usable, -values, np.inf), np.where(usable[:, None], grad, 0.0)

    def _begin(self, rows, loss, grad) -> None:
        """Set climbs off from where their start was evaluated."""
        self.loss[rows], self.grad[rows], self.iterations[rows] = loss, grad, 0
        self._aim(rows)
        self._finish(rows[~np.isfinite(loss) | self._flat(grad)], converged=True)

    def _try(self, rows: _Rows, z, loss, grad) -> None:
        """Take a step that gains enough; else make it shorter or longer."""
        slope = np.vecdot(grad, self.direction[rows])
        before = self.slope[rows]
        short = ~(loss <= self.loss[rows] + _ARMIJO * self.t[rows] * before)
        refused = short | (slope < _WOLFE * before) & (self.trials[rows] < _MOST_TRIALS)
        count = np.count_nonzero(refused)
        if count < len(loss):
            taken = ~refused
            these = _where(taken)
            self._take(_where(taken, rows), z[these], loss[these], grad[these])
        if count:
            every = np.arange(len(self.index))[rows]
            self._bracket(every[short], every[refused & ~short], loss[short])

    def _take(self, rows: _Rows, z, loss, grad) -> None:
        s, y = z - self.z[rows], grad - self.grad[rows]
        curved = np.vecdot(s, y) > 2.2e-16 * np.vecdot(y, y)
        these = _where(curved)
        self.curvature.learn(_where(curved, rows), s[these], y[these])
        gain = self.loss[rows] - loss
        size = np.maximum(np.maximum(np.abs(self.loss[rows]), np.abs(loss)), 1.0)
        self.z[rows], self.loss[rows], self.grad[rows] = z, loss, grad
        self.iterations[rows] += 1
        self._aim(rows)
        done = (gain <= self.settings.relative_gain * size) | self._flat(grad)
        over = ~done & (self.iterations[rows] >= self.settings.iterations)
        if np.count_nonzero(done | over):
            # Where heights are astronomical, no gain is seen that is not larger than any barrier.
            blind = done & (self.settings.relative_gain * size > self.settings.barrier)
            every = np.arange(len(self.index))[rows]
            self._finish(every[done & ~blind], converged=True)
            self._finish(every[over | blind], converged=False)

    def _bracket(self, shorter, longer, loss) -> None:
        """Halve the bracket, or where a parabola has its minimum; double the step without one."""
        self.high[shorter], self.low[longer] = self.t[shorter], self.t[longer]
        rows = np.concatenate([shorter, longer])
        self.trials[rows] += 1
        low, high = self.low[rows], self.high[rows]
        t = np.where(np.isfinite(high), 0.5 * (low + high), 2.0 * low)
        first = (np.isfinite(loss) & (self.low[shorter] == 0.0)).nonzero()[0]
        if len(first):
            there = shorter[first]
            curve = 2.0 * (loss[first] - self.loss[there] - self.t[there] * self.slope[there])
            bottom = -self.slope[there] * self.t[there] ** 2 / curve
            t[first] = np.clip(np.nan_to_num(bottom), 0.1 * self.t[there], 0.5 * self.t[there])
        self.t[rows] = t
        self._finish(shorter[self.trials[shorter] >= _MOST_TRIALS], converged=False)

    def _aim(self, rows: _Rows) -> None:
        """Set the next direction and the first step along it."""
        grad = self.grad[rows]
        direction = -self.curvature.times(rows, grad)
        slope = np.vecdot(direction, grad)
        lost = ~(slope < 0.0)
        if np.count_nonzero(lost):
            self.curvature.forget(np.arange(len(self.index))[rows][lost])
            direction[lost] = -grad[lost]
            slope = np.vecdot(direction, grad)
        self.direction[rows], self.slope[rows] = direction, slope
        first = ~self.curvature.known(rows)
        self.t[rows] = 1.0
        if np.count_nonzero(first):
            norm = np.linalg.norm(direction[first], axis=1)
            self.t[np.arange(len(self.index))[rows][first]] = 1.0 / np.maximum(norm, 1.0)
        self.low[rows], self.high[rows], self.trials[rows] = 0.0, np.inf, 0

    def _flat(self, grad):
        return np.abs(grad).max(axis=1) <= self.settings.gradient

    def _finish(self, rows, *, converged: bool) -> None:
        """Note where climbs ended, and give their places to the next starts."""
        for row in rows:
            if np.isfinite(self.loss[row]):
                self.ends[self.index[row]] = self._optimum(row, converged)
            self.ended[row] = self.waiting >= len(self.starts)
            if not self.ended[row]:
                self.index[row], self.waiting = self.waiting, self.waiting + 1
                self.z[row], self.t[row], self.iterations[row] = 0.0, 0.0, -1
                self.curvature.forget(np.array([row]))

    def _close(self) -> None:
        """Do away with the places of climbs that have ended, which no start waits for."""
        if not np.count_nonzero(self.ended):
            return
        kept = np.flatnonzero(~self.ended)
        for name in self._STATE:
            setattr(self, name, getattr(self, name)[kept])
        self.ended = np.zeros(len(kept), bool)
        self.curvature.keep(kept)

    def _colored(self, z):
        return z * self.factor if self.factor.ndim == 1 else z @ self.factor.T

    def _optimum(self, row, converged: bool) -> Optimum | None:
        x = self.starts[self.index[row]] + self._colored(self.z[row])
        if not np.isfinite(x).all():
            return None
        shape = partial(_shape, x, self.factor, self.curvature.of(int(row)))
        return Optimum(x, -float(self.loss[row]), shape, converged)


def _shape(x, factor, curvature: Curvature) -> Gaussian | DiagonalGaussian:
    """What a climb knows of its mode, whose own curvature is the only one there."""
    if factor.ndim == 1:
        return DiagonalGaussian(x, factor)
    return Gaussian(x, factor @ _square_root(curvature.inverse(0)))


def _square_root(inverse):
    """Lower triangular L with LLᵀ the inverse Hessian, or the identity."""
    try:
        return np.linalg.cholesky(inverse)
    except np.linalg.LinAlgError:
        return np.eye(len(inverse))
