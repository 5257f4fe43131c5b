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
draws, and so is what these ends add to means and log sds: two hundredths of the mass, five sd out,
change a log sd by a quarter. Chains that have not gone far enough find too little of it.

Steps are of many lengths, since where a region begins that no draw has seen the target is often
stiffer than elsewhere, and a step that is right elsewhere is turned back.
"""

from dataclasses import replace
from typing import NamedTuple, final

import numpy as np
from jaxtyping import Float

from fluvial.inference.counted_target import CountedTarget
from fluvial.inference.run import Run
from fluvial.inference.settings import DEFAULT, ReachSettings, VerdictSettings
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
        shift: the most by which that mass moves a mean, in sd, or a log sd, of those that it moves
            by more than noise.
    """

    share: float = 0.0
    se: float = 0.0
    shift: float = 0.0

    @property
    def surely(self) -> float:
        """What two standard errors leave of the share."""
        return self.share - _SURELY * self.se

    def matters(self, settings: VerdictSettings = DEFAULT.verdict) -> bool:
        """Whether it is too much, or so far out that little is too much."""
        far = self.surely > 0.0 and self.shift > settings.max_tail_shift
        return far or self.surely > settings.max_missing_mass

    def sentence(self) -> str:
        """What is said of it."""
        return (
            f"Chains that begin at these draws go on to where the approximation never draws: "
            f"{self.share:.1%} ± {self.se:.1%} of the mass is missing from them, which moves a "
            f"mean, in sd, or a log sd by {self.shift:.2f}."
        )


def unreached(
    run: Run,
    fitted: Weighed,
    points: Float[np.ndarray, "S D"],
    weights: Float[np.ndarray, " S"],
) -> Unreached:
    """Run short chains from draws, and see how many leave the approximation.

    Args:
        run: the fit; the target is asked for 60,000 to 2,000,000 gradients.
        fitted: the approximation, with its own draws.
        points: draws that would be handed out.
        weights: of these draws, summing to 1.

    Returns:
        What is missing; nothing of few coordinates, where the search after the fit sees it.
    """
    few = run.target.dim <= run.settings.flow.some
    if few or run.target.streamed is not None or not np.all(np.isfinite(weights)):
        return Unreached()
    reach, margin = run.settings.reach, run.settings.margin
    with run.counted.judging():
        gaussian = _whitening(fitted, points, weights)
        frame = _WhitenedCoordinates(run.counted, gaussian)
        now = frame.at(gaussian.whiten(points[_resampled(weights, reach.chains, run.rng)]))
        far = _Far(fitted, gaussian, *_moments(points, weights))
        before = far.at(now)
        leap, found = 0.8 * run.target.dim**-0.25, Unreached()
        for _ in range(reach.adapting):
            now, leap = moved(frame, now, leap, run.rng, margin)
        count = _affordable(gaussian, reach)
        for _ in range(reach.rounds):
            found, now = _round(run, far, frame, now, leap, count, before)
            if found.surely <= 0.0 or found.matters(run.settings.verdict):
                break
    return found


def _affordable(gaussian: Gaussian | DiagonalGaussian, reach: ReachSettings) -> int:
    """How many transitions a round has."""
    one = _OF_A_GRADIENT * gaussian.dim + _OF_A_PRODUCT * gaussian.factor.size
    count = reach.operations / (one * reach.chains * reach.leapfrogs)
    return int(np.clip(count, *reach.transitions))


def _round(
    run: Run,
    far: "_Far",
    frame: "_WhitenedCoordinates",
    now: Ensemble,
    leap: float,
    count: int,
    before: Float[np.ndarray, "C N"],
) -> tuple[Unreached, Ensemble]:
    """What is outside in the second half of so many transitions, and where the chains end.

    A round ends once too much is: chains that go on find no less.
    """
    reach, found = run.settings.reach, Unreached()
    looks = set(np.linspace(count // 2, count - 1, reach.looks).astype(int))
    seen, made, margin = -before, 0, replace(run.settings.margin, leapfrogs=reach.leapfrogs)
    for i in range(count):
        step = leap * reach.shortest ** run.rng.uniform()
        now, _ = moved(frame, now, step, run.rng, margin)
        if i in looks:
            seen, made = (made * seen + far.at(now) - before) / (made + 1), made + 1
            found = _found(seen)
            if found.surely > run.settings.verdict.max_missing_mass:
                break
    return found, now


def _found(more: Float[np.ndarray, "C N"]) -> Unreached:
    """The share, and the largest of the shifts that exceed their noise."""
    mean, se = more.mean(axis=0), more.std(axis=0) / np.sqrt(len(more))
    shifts = np.where(np.abs(mean) > _SURELY * se, np.abs(mean), 0.0)[1:]
    return Unreached(float(mean[0]), float(se[0]), float(shifts.max()))


def _whitening(
    fitted: Weighed, points: Float[np.ndarray, "S D"], weights: Float[np.ndarray, " S"]
) -> Gaussian | DiagonalGaussian:
    """The draws' covariance, drawn to that of the approximation's base by D draws' worth."""
    base = fitted.q.components[int(np.argmax(fitted.q.weights))].gaussian
    (mean, sd), ess = _moments(points, weights), 1.0 / np.sum(weights**2)
    trust = ess / (ess + points.shape[1])
    if isinstance(base, DiagonalGaussian):
        return DiagonalGaussian(mean, np.sqrt(trust * sd**2 + (1.0 - trust) * base.sd**2))
    away = points - mean
    own = (away * weights[:, None]).T @ away
    return Gaussian(mean, factor(trust * own + (1.0 - trust) * base.factor @ base.factor.T))


def _moments(
    points: Float[np.ndarray, "S D"], weights: Float[np.ndarray, " S"]
) -> tuple[Float[np.ndarray, " D"], Float[np.ndarray, " D"]]:
    """Means and sds, column by column, since all of many at once would be a copy of the draws."""
    mean = weights @ points
    columns = zip(points.T, mean, strict=True)
    return mean, np.sqrt([weights @ (x - center) ** 2 for x, center in columns])


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


@final
class _Far:
    """What each chain adds to the mass outside, and to means and log sds, where it is outside.

    Outside is where one in S draws of q, or less, would be expected.

    Args:
        fitted: q, with its own draws.
        gaussian: from whose coordinates chains are brought back.
        mean: of the draws that chains begin at.
        sd: of these.
    """

    def __init__(
        self,
        fitted: Weighed,
        gaussian: Gaussian | DiagonalGaussian,
        mean: Float[np.ndarray, " D"],
        sd: Float[np.ndarray, " D"],
    ):
        self._fitted, self._gaussian = fitted, gaussian
        self._mean, self._sd = mean, np.where(sd > 0.0, sd, 1.0)

    def at(self, now: Ensemble) -> Float[np.ndarray, "C N"]:
        """1 or 0; then z, and (z² − 1)/2, by which log sds change, of all coordinates, or 0."""
        x, weights = self._gaussian.color(now.y), self._fitted.weights
        log_w = now.value - self._fitted.q.log_prob(x) - weights.log_evidence
        outside = log_w > np.log(max(weights.size, 2))
        z = (x - self._mean) / self._sd
        found = np.hstack([np.ones((len(x), 1)), z, 0.5 * (z**2 - 1.0)])
        return np.where(outside[:, None], found, 0.0)


def _resampled(
    weights: Float[np.ndarray, " S"], count: int, rng: np.random.Generator
) -> np.ndarray:
    """Systematic resampling."""
    ticks = (np.arange(count) + rng.uniform()) / count * weights.sum()
    return np.minimum(np.searchsorted(np.cumsum(weights), ticks), len(weights) - 1)
