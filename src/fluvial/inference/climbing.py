r"""Many climbs at once: L-BFGS in lockstep, so that a batch of points is evaluated at each step.

Each climb is L-BFGS (Liu & Nocedal 1989) with the line search of Lewis & Overton (2013, Math.
Programming 141, 135): bisection between steps that fail to gain enough (Armijo) and steps that
leave the slope too steep (weak Wolfe). It asks for nothing but values and gradients, and steps back
from where these are not finite. A climb that ends hands its place in the batch to the next start,
so that all batches have one size and one program is compiled, however many starts there are. Where
none is compiled, more go on together.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial
from typing import final

import numpy as np
from jaxtyping import Bool, Float

from fluvial.inference.counted_target import CountedTarget
from fluvial.inference.curvature import Curvature
from fluvial.inference.settings import DEFAULT, Settings
from fluvial.posterior.diagonal_gaussian import DiagonalGaussian
from fluvial.posterior.gaussian import Gaussian

__all__ = ["Optimum", "climb", "climb_until", "maximize"]

_ARMIJO, _WOLFE = 1e-4, 0.9  # of SciPy's line search, and of Nocedal & Wright (2006, section 3.1)
_MOST_TRIALS = 40  # halvings of a step: beyond, float64 has no digits left


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


def maximize(
    counted: CountedTarget,
    start: Gaussian | DiagonalGaussian,
    settings: Settings = DEFAULT,
) -> Optimum | None:
    """Climb from the mean of ``start``, in the coordinates that whiten it; see ``climb``."""
    return climb(counted, start.mean[None], start.factor, settings)[0]


def climb(
    counted: CountedTarget,
    starts: Float[np.ndarray, "N D"],
    factor: Float[np.ndarray, "D D"] | Float[np.ndarray, " D"] | None = None,
    settings: Settings = DEFAULT,
) -> list[Optimum | None]:
    """Climb from each start.

    Args:
        counted: the target.
        starts: shape (N, D).
        factor: L, so that climbs go on in z with x = start + L z, or its diagonal if it has no
            other entries; by default the identity.
        settings: the thresholds.

    Returns:
        For each start where its climb ended, or None if that is not a finite point.

    Example:
        >>> import jax.numpy as jnp
        >>> from fluvial.targets import Target
        >>> target = Target(lambda x: -0.5 * jnp.sum((x - 3.0) ** 2), dim=2)
        >>> ends = climb(CountedTarget(target), np.array([[0.0, 0.0], [9.0, -5.0]]))
        >>> [end.x.round(4).tolist() for end in ends]
        [[3.0, 3.0], [3.0, 3.0]]
    """
    batch = _Batch(counted, starts, factor, settings)
    while batch.active.any():
        batch.step()
    return batch.ends


def climb_until(
    counted: CountedTarget,
    starts: Float[np.ndarray, "N D"],
    factor: Float[np.ndarray, "D D"] | Float[np.ndarray, " D"] | None,
    settings: Settings,
    arrived: Callable[[Float[np.ndarray, "M D"]], Bool[np.ndarray, " M"]],
    every: int,
) -> tuple[list[Optimum | None], Bool[np.ndarray, " N"]]:
    """Climb as ``climb`` does, and ask now and then which climbs need not go on.

    Args:
        counted: the target.
        starts: shape (N, D).
        factor: see ``climb``.
        settings: the thresholds.
        arrived: says of each of some points whether a climb may end there.
        every: steps between two such questions; a climb is asked of from as many iterations on.

    Returns:
        Where each climb ended, or None if that is not a finite point; and which of them ended
        because they had arrived.
    """
    batch = _Batch(counted, starts, factor, settings)
    steps = 0
    while batch.active.any():
        batch.step()
        steps += 1
        if steps % every == 0:
            batch.leave(arrived, every)
    return batch.ends, batch.left


@final
class _Batch:
    """Climbs under way; row i of each array belongs to the climb in place i.

    Attributes:
        ends: of the climbs, in the order of their starts.
        active: whether there is a climb in a place.
        left: which climbs were ended from outside, in the order of their starts.
    """

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
        self.active = np.ones(places, bool)
        self.index = np.arange(places)
        self.waiting = places
        self.z, self.grad = np.zeros((places, dim)), np.zeros((places, dim))
        self.loss = np.full(places, np.inf)
        self.direction, self.slope = np.zeros((places, dim)), np.zeros(places)
        self.t, self.low, self.high = np.zeros(places), np.zeros(places), np.full(places, np.inf)
        self.trials, self.iterations = np.zeros(places, int), np.full(places, -1)
        self.curvature = Curvature(places, dim, settings.climb.curvature_pairs)

    @np.errstate(over="ignore", invalid="ignore")  # where gradients are astronomical
    def step(self) -> None:
        """Try one step of every climb."""
        rows = np.flatnonzero(self.active)
        z = self.z[rows] + self.t[rows, None] * self.direction[rows]
        loss, grad = self._evaluate(rows, z)
        fresh = self.iterations[rows] < 0
        if fresh.any():
            self._begin(rows[fresh], loss[fresh], grad[fresh])
        if not fresh.all():
            self._try(rows[~fresh], z[~fresh], loss[~fresh], grad[~fresh])

    def leave(self, arrived: Callable[[np.ndarray], np.ndarray], iterations: int) -> None:
        """End the climbs of so many iterations that have arrived."""
        rows = np.flatnonzero(self.active & (self.iterations >= iterations))
        if not len(rows):
            return
        there = self.starts[self.index[rows]] + self._colored(self.z[rows])
        rows = rows[arrived(there)]
        self.left[self.index[rows]] = True
        self._finish(rows, converged=False)

    def _evaluate(self, rows, z):
        with np.errstate(all="ignore"):
            x = self.starts[self.index[rows]] + self._colored(z)
            values, scores = self.counted.value_and_grad(x)
            grad = -(scores * self.factor if self.factor.ndim == 1 else scores @ self.factor)
            usable = np.isfinite(values) & np.isfinite(grad).all(axis=1)
        return np.where(usable, -values, np.inf), np.where(usable[:, None], grad, 0.0)

    def _begin(self, rows, loss, grad) -> None:
        """Set climbs off from where their start was evaluated."""
        self.loss[rows], self.grad[rows], self.iterations[rows] = loss, grad, 0
        self._aim(rows)
        self._finish(rows[~np.isfinite(loss) | self._flat(rows)], converged=True)

    def _try(self, rows, z, loss, grad) -> None:
        """Take a step that gains enough; else make it shorter or longer."""
        slope = np.sum(grad * self.direction[rows], axis=1)
        short = loss > self.loss[rows] + _ARMIJO * self.t[rows] * self.slope[rows]
        short |= ~np.isfinite(loss)
        long = ~short & (slope < _WOLFE * self.slope[rows])
        taken = ~short & (~long | (self.trials[rows] >= _MOST_TRIALS))
        if taken.any():
            self._take(rows[taken], z[taken], loss[taken], grad[taken])
        if not taken.all():
            self._bracket(rows[short], rows[long & ~taken], loss[short])

    def _take(self, rows, z, loss, grad) -> None:
        s, y = z - self.z[rows], grad - self.grad[rows]
        curved = np.sum(s * y, axis=1) > 2.2e-16 * np.sum(y**2, axis=1)
        self.curvature.learn(rows[curved], s[curved], y[curved])
        gain = self.loss[rows] - loss
        size = np.maximum(np.maximum(np.abs(self.loss[rows]), np.abs(loss)), 1.0)
        self.z[rows], self.loss[rows], self.grad[rows] = z, loss, grad
        self.iterations[rows] += 1
        self._aim(rows)
        done = (gain <= self.settings.relative_gain * size) | self._flat(rows)
        # Where heights are astronomical, no gain is seen that is not larger than any barrier.
        blind = done & (self.settings.relative_gain * size > self.settings.barrier)
        over = ~done & (self.iterations[rows] >= self.settings.iterations)
        self._finish(rows[done & ~blind], converged=True)
        self._finish(rows[over | blind], converged=False)

    def _bracket(self, shorter, longer, loss) -> None:
        """Halve the bracket, or where a parabola has its minimum; double the step without one."""
        self.high[shorter], self.low[longer] = self.t[shorter], self.t[longer]
        self.trials[shorter] += 1
        self.trials[longer] += 1
        rows = np.concatenate([shorter, longer])
        low, high = self.low[rows], self.high[rows]
        t = np.where(np.isfinite(high), 0.5 * (low + high), 2.0 * low)
        first = np.arange(len(shorter))[np.isfinite(loss) & (self.low[shorter] == 0.0)]
        there = shorter[first]
        with np.errstate(all="ignore"):
            curve = 2.0 * (loss[first] - self.loss[there] - self.t[there] * self.slope[there])
            bottom = -self.slope[there] * self.t[there] ** 2 / curve
        t[first] = np.clip(np.nan_to_num(bottom), 0.1 * self.t[there], 0.5 * self.t[there])
        self.t[rows] = t
        self._finish(shorter[self.trials[shorter] >= _MOST_TRIALS], converged=False)

    def _aim(self, rows) -> None:
        """Set the next direction and the first step along it."""
        direction = -self.curvature.times(rows, self.grad[rows])
        slope = np.sum(direction * self.grad[rows], axis=1)
        lost = ~(slope < 0.0)
        if lost.any():
            self.curvature.forget(rows[lost])
            direction[lost] = -self.grad[rows[lost]]
            slope = np.sum(direction * self.grad[rows], axis=1)
        self.direction[rows], self.slope[rows] = direction, slope
        first = ~self.curvature.known(rows)
        norm = np.linalg.norm(direction, axis=1)
        self.t[rows] = np.where(first, 1.0 / np.maximum(norm, 1.0), 1.0)
        self.low[rows], self.high[rows], self.trials[rows] = 0.0, np.inf, 0

    def _flat(self, rows):
        return np.abs(self.grad[rows]).max(axis=1) <= self.settings.gradient

    def _finish(self, rows, *, converged: bool) -> None:
        """Note where climbs ended, and give their places to the next starts."""
        for row in rows:
            if np.isfinite(self.loss[row]):
                self.ends[self.index[row]] = self._optimum(row, converged)
            self.active[row] = self.waiting < len(self.starts)
            if self.active[row]:
                self.index[row], self.waiting = self.waiting, self.waiting + 1
                self.z[row], self.t[row], self.iterations[row] = 0.0, 0.0, -1
                self.curvature.forget(np.array([row]))

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
