r"""Do chains that begin at the draws end where the approximation never draws?

A flow may leave regions out in which the target has some percent of its mass: ln q falls there by
hundreds of nats and more, so that nothing is drawn, no weight is large, and Pareto k-hat sees
nothing. Nor do chains in the flow's own latent space get there, where it is as far away. In the
target's own coordinates it is next door. So chains that need only the target, in coordinates that
the draws whiten, begin at draws as they would be handed out. They leave the law of right draws as
it is (as in Geweke 2004, JASA 99), and with it

.. math:: P\left(\frac{p(x)}{Z q(x)} > S\right),

the mass of where S draws of q, as many as were weighed, are not expected even once for each draw of
the target. What is more of it at the ends of chains than where they began is missing from the
draws. Chains that have not gone far enough find too little of it.

Steps are of many lengths, since where a region begins that no draw has seen the target is often
stiffer than elsewhere, and a step that is right elsewhere is turned back.
"""

from dataclasses import replace
from typing import NamedTuple, final

import numpy as np
from jaxtyping import Float

from fluvial.inference.counted_target import CountedTarget
from fluvial.inference.run import Run
from fluvial.inference.settings import ReachSettings
from fluvial.inference.tails.outward import Coordinates, Ensemble, moved
from fluvial.inference.verdict.weighing import Weighed
from fluvial.posterior.diagonal_gaussian import DiagonalGaussian
from fluvial.posterior.gaussian import Gaussian, factor

__all__ = ["Unreached", "unreached"]

# Arithmetic: operations for each coordinate of a gradient, and for each element of a matrix.
_OF_A_GRADIENT, _OF_A_PRODUCT = 200, 4
_SURELY = 2.0  # definition: standard errors


class Unreached(NamedTuple):
    """Mass that draws do not reach.

    Attributes:
        share: of all mass.
        se: its standard error, from chain to chain.
    """

    share: float
    se: float

    @property
    def surely(self) -> float:
        """What two standard errors leave of the share."""
        return self.share - _SURELY * self.se

    def sentence(self) -> str:
        """What is said of it."""
        return (
            f"Chains that begin at these draws go on to where the approximation never draws: "
            f"{self.share:.1%} ± {self.se:.1%} of the mass is missing from them."
        )


def unreached(
    run: Run,
    fitted: Weighed,
    points: Float[np.ndarray, "S D"],
    weights: Float[np.ndarray, " S"],
) -> Unreached:
    """Run short chains from draws, and see how many leave the approximation.

    Args:
        run: the fit; the target is asked for 70,000 to 2,000,000 gradients.
        fitted: the approximation, with its own draws.
        points: draws that would be handed out.
        weights: of these draws, summing to 1.

    Returns:
        What is missing; nothing of few coordinates, where the search after the fit sees it.
    """
    few = run.target.dim <= run.settings.flow.some
    if few or run.target.streamed is not None or not np.all(np.isfinite(weights)):
        return Unreached(0.0, 0.0)
    reach, margin = run.settings.reach, run.settings.margin
    with run.counted.judging():
        gaussian = _whitening(fitted, points, weights)
        frame = _WhitenedCoordinates(run.counted, gaussian)
        now = frame.at(gaussian.whiten(points[_resampled(weights, reach.chains, run.rng)]))
        before = _outside(fitted, gaussian, now)
        leap, found = 0.8 * run.target.dim**-0.25, Unreached(0.0, 0.0)
        for _ in range(reach.adapting):
            now, leap = moved(frame, now, leap, run.rng, margin)
        count = _affordable(gaussian, reach)
        for _ in range(reach.rounds):
            after, now = _round(run, fitted, frame, now, leap, count)
            more = after - before
            found = Unreached(float(more.mean()), float(more.std() / np.sqrt(reach.chains)))
            if not 0.0 < found.surely <= run.settings.verdict.max_missing_mass:
                break
    return found


def _affordable(gaussian: Gaussian | DiagonalGaussian, reach: ReachSettings) -> int:
    """How many transitions a round has."""
    one = _OF_A_GRADIENT * gaussian.dim + _OF_A_PRODUCT * gaussian.factor.size
    count = reach.operations / (one * reach.chains * reach.leapfrogs)
    return int(np.clip(count, *reach.transitions))


def _round(
    run: Run, fitted: Weighed, frame: "_WhitenedCoordinates", now: Ensemble, leap: float, count: int
) -> tuple[Float[np.ndarray, " C"], Ensemble]:
    """How often each chain is outside in the second half of its transitions, and where it ends."""
    reach = run.settings.reach
    looks = set(np.linspace(count // 2, count - 1, reach.looks).astype(int))
    seen, margin = [], replace(run.settings.margin, leapfrogs=reach.leapfrogs)
    for i in range(count):
        step = leap * reach.shortest ** run.rng.uniform()
        now, _ = moved(frame, now, step, run.rng, margin)
        if i in looks:
            seen.append(_outside(fitted, frame.gaussian, now))
    return np.mean(seen, axis=0), now


def _whitening(
    fitted: Weighed, points: Float[np.ndarray, "S D"], weights: Float[np.ndarray, " S"]
) -> Gaussian | DiagonalGaussian:
    """The draws' covariance, drawn to that of the approximation's base by D draws' worth."""
    base = fitted.q.components[int(np.argmax(fitted.q.weights))].gaussian
    mean, ess = weights @ points, 1.0 / np.sum(weights**2)
    trust = ess / (ess + points.shape[1])
    if isinstance(base, DiagonalGaussian):
        # Column by column, since all of many coordinates at once would be a copy of the draws
        columns = zip(points.T, mean, strict=True)
        variance = np.array([weights @ (x - center) ** 2 for x, center in columns])
        return DiagonalGaussian(mean, np.sqrt(trust * variance + (1.0 - trust) * base.sd**2))
    away = points - mean
    own = (away * weights[:, None]).T @ away
    return Gaussian(mean, factor(trust * own + (1.0 - trust) * base.factor @ base.factor.T))


@final
class _WhitenedCoordinates(Coordinates):
    """Whitened coordinates, all of which move.

    Attributes:
        gaussian: that whitens them.
    """

    held = 0

    def __init__(self, counted: CountedTarget, gaussian: Gaussian | DiagonalGaussian):
        self._counted, self.gaussian = counted, gaussian

    def at(self, y: Float[np.ndarray, "N D"]) -> Ensemble:
        """Values and scores; what is not finite is never accepted."""
        value, grad = self._counted.value_and_grad(self.gaussian.color(y))
        usable = np.isfinite(value) & np.isfinite(grad).all(axis=1)
        score = self.gaussian.pull(np.where(usable[:, None], grad, 0.0))
        return Ensemble(y, np.where(usable, value, -np.inf), score)


def _outside(
    fitted: Weighed, gaussian: Gaussian | DiagonalGaussian, now: Ensemble
) -> Float[np.ndarray, " C"]:
    """Whether each chain is where one in S draws of q, or less, would be expected."""
    log_w = now.value - fitted.q.log_prob(gaussian.color(now.y)) - fitted.weights.log_evidence
    return np.where(log_w > np.log(max(fitted.weights.size, 2)), 1.0, 0.0)


def _resampled(
    weights: Float[np.ndarray, " S"], count: int, rng: np.random.Generator
) -> np.ndarray:
    """Systematic resampling."""
    ticks = (np.arange(count) + rng.uniform()) / count * weights.sum()
    return np.minimum(np.searchsorted(np.cumsum(weights), ticks), len(weights) - 1)
