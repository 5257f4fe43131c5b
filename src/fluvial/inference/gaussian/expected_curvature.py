r"""From Laplace's approximation to the Gaussian of least KL(q‖p), by the diagonal of the curvature.

The precision of that Gaussian is P = −E_q[∇² ln p], and E_q[∇ ln p] vanishes at its mean (Opper &
Archambeau 2009, Neural Computation 21). Where each coordinate has a term of its own besides what
couples them, as counts given a latent field have, only the diagonal of the Hessian H changes from
place to place. With random signs u, in units of sd,

.. math:: u_j\,((H(x) + P)\,u)_j \approx H_{jj}(x) + P_{jj},

exactly so if H(x) + P is diagonal; its mean over draws x of q is what P has to lose. Heads, which
change what couples the others, are held where they are.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import scipy.linalg
from jaxtyping import Float, Int

from fluvial.inference.counted_target import CountedTarget
from fluvial.inference.settings import DEFAULT, GaussianSettings
from fluvial.posterior.gaussian import Gaussian

__all__ = ["with_expected_curvature"]

_STEP = 0.05  # arithmetic: sd of every coordinate at once, small for a derivative of scores


class _Seen(NamedTuple):
    """At draws of a Gaussian: mean log weight and its error, mean score, change of the diagonal."""

    elbo: float
    error: float
    score: Float[np.ndarray, " R"]
    change: Float[np.ndarray, " R"]


class _ConditionalGaussian(NamedTuple):
    """A Gaussian of the rest, given heads that are held: the point in its middle, L and P."""

    x: Float[np.ndarray, " D"]
    rest: Int[np.ndarray, " R"]
    factor: Float[np.ndarray, "R R"]
    precision: Float[np.ndarray, "R R"]

    def points(self, shifts: Float[np.ndarray, "N R"]) -> Float[np.ndarray, "N D"]:
        x = np.tile(self.x, (len(shifts), 1))
        x[:, self.rest] += shifts
        return x


@np.errstate(over="ignore", invalid="ignore")
def with_expected_curvature(
    counted: CountedTarget,
    start: Gaussian,
    rng: np.random.Generator,
    held: Sequence[int] = (),
    settings: GaussianSettings = DEFAULT.gaussian,
) -> Gaussian:
    """Move a Gaussian's mean and the diagonal of its precision, for as long as the ELBO rises.

    Args:
        counted: what to fit; asked for 384 gradients a round.
        start: where its precision is the negative Hessian of ln p, more or less.
        rng: decides draws and signs.
        held: heads: the others are moved given them, and they keep their own mean and spread.
        settings: the thresholds.

    Returns:
        The Gaussian with the highest mean log weight: the start, if none is higher.
    """
    rest = np.setdiff1d(np.arange(start.dim), np.asarray(held, int))
    whole = _inverse(start.cholesky)
    current = _given(start.mean, rest, whole[np.ix_(rest, rest)])
    best, seen = None, None
    for _ in range(settings.curvature_rounds):
        now = None if current is None else _look(counted, current, rng, settings.curvature_draws)
        if current is None or now is None:
            break
        if seen is not None and not now.elbo > seen.elbo + now.error:
            best = current if now.elbo > seen.elbo else best
            break
        best, seen = current, now
        # The score as it is at the new precision: a step of Newton's method.
        current = _given(best.x, rest, best.precision - np.diag(now.change))
        if current is not None:
            step = current.factor @ (current.factor.T @ now.score)
            current.x[rest] += step
    return start if best is None else _joined(start, best, whole)


def _given(
    x: Float[np.ndarray, " D"], rest: Int[np.ndarray, " R"], precision: Float[np.ndarray, "R R"]
) -> _ConditionalGaussian | None:
    """None if the precision is not positive definite."""
    try:
        factor = np.linalg.cholesky(_inverse(np.linalg.cholesky(precision)))
    except np.linalg.LinAlgError:
        return None
    return _ConditionalGaussian(x.copy(), rest, factor, precision)


def _look(
    counted: CountedTarget, q: _ConditionalGaussian, rng: np.random.Generator, draws: int
) -> _Seen | None:
    z = rng.standard_normal((draws // 2, len(q.rest)))
    z = np.concatenate([z, -z])
    shifts, sd = z @ q.factor.T, np.linalg.norm(q.factor, axis=1)
    u = rng.choice([-1.0, 1.0], z.shape) * sd
    log_p, scores = counted.value_and_grad(q.points(shifts))
    up, down = (counted.value_and_grad(q.points(shifts + h * u))[1] for h in (_STEP, -_STEP))
    curved = (up - down)[:, q.rest] / (2.0 * _STEP) + u @ q.precision
    change, score = u * curved / sd**2, scores[:, q.rest]
    log_w = log_p + 0.5 * np.sum(z**2, axis=1) + np.log(np.diag(q.factor)).sum()
    usable = np.isfinite(log_w) & np.isfinite(change).all(axis=1) & np.isfinite(score).all(axis=1)
    if usable.sum() < draws // 2:
        return None
    error = float(np.std(log_w[usable])) / usable.sum() ** 0.5
    means = score[usable].mean(axis=0), change[usable].mean(axis=0)
    return _Seen(float(np.mean(log_w[usable])), error, *means)


def _joined(
    start: Gaussian, given: _ConditionalGaussian, whole: Float[np.ndarray, "D D"]
) -> Gaussian:
    """Put the heads back: their own covariance, and what they move the others by."""
    held = np.setdiff1d(np.arange(start.dim), given.rest)
    own = (start.cholesky[held] @ start.cholesky[held].T) if len(held) else np.empty((0, 0))
    inner = given.factor @ given.factor.T
    slopes = -inner @ whole[np.ix_(given.rest, held)]
    covariance = np.empty((start.dim, start.dim))
    covariance[np.ix_(held, held)] = own
    covariance[np.ix_(given.rest, held)] = slopes @ own
    covariance[np.ix_(held, given.rest)] = (slopes @ own).T
    covariance[np.ix_(given.rest, given.rest)] = inner + slopes @ own @ slopes.T
    try:
        return Gaussian(given.x, np.linalg.cholesky(covariance))
    except np.linalg.LinAlgError:
        return start


def _inverse(factor: Float[np.ndarray, "D D"]) -> Float[np.ndarray, "D D"]:
    """Of L Lᵀ."""
    return scipy.linalg.cho_solve((factor, True), np.eye(len(factor)))
