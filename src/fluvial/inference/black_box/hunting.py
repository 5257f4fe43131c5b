"""Peaks that no population saw: looked for among draws from the prior, which tell what was missed.

A population follows the bulk of the mass down from the prior, and forgets a draw on the foot of a
spike: next to a broad mode it has no weight at any temperature. Here every draw that is higher than
its neighbors is tried. If a valley lies between it and all that is known, its hill is climbed, and
a population is annealed from around the top. Two halves of the draws do this on their own, so that
what only one of them has found is known to have been found by luck. So is every point that a
population has passed on its way, of which there are more and more toward the modes that are known.
"""

from dataclasses import dataclass, field, replace
from typing import NamedTuple, final

import numpy as np
from jaxtyping import Float

from fluvial.constants import LOG_2PI
from fluvial.inference.black_box.annealing import Population, anneal
from fluvial.inference.black_box.hills import climb_hills, same_hill
from fluvial.inference.black_box.history import History
from fluvial.inference.black_box.hunting_size import HuntingSize
from fluvial.inference.black_box.local_maxima import starts
from fluvial.inference.black_box.narrowness import narrow_doubts
from fluvial.inference.black_box.planted_peaks import (
    Looks,
    Narrowest,
    planted_width,
    unmet_doubt,
)
from fluvial.inference.black_box.prior_draws import drawn_from_prior
from fluvial.inference.black_box.spending import Spending
from fluvial.inference.settings import DEFAULT, HillSettings, Settings
from fluvial.objectives import Importance
from fluvial.posterior.gaussian import Gaussian
from fluvial.posterior.mixture import GaussianComponent, Mixture

__all__ = ["Hunted", "begun", "hunt", "probe"]

_CLOSEST = 1e-6  # arithmetic: standard deviations of the prior, of draws that are the same


class Hunted(NamedTuple):
    """What was found, and among how many draws.

    Attributes:
        groups: of each half of the draws, the populations on peaks that it has led to.
        draws: from the prior, of both halves.
        doubts: sentences about peaks that few draws have met.
        narrowest: the width of peaks that the draws would have met.
    """

    groups: tuple[tuple[Population, ...], ...]
    draws: int
    doubts: tuple[str, ...] = ()
    narrowest: Narrowest = Narrowest()


class _HuntedPeak(NamedTuple):
    """A point near the top of a hill, its log density, and the population that was annealed there.

    A peak of the populations that were there before has none.
    """

    x: Float[np.ndarray, " D"]
    height: float
    population: Population | None = None


def hunt(
    explored: tuple[History, ...],
    known: Mixture,
    largest: Gaussian,
    size: HuntingSize,
    spending: Spending,
    rng: np.random.Generator,
    thresholds: Settings,
) -> Hunted:
    """Look for peaks that the populations have missed.

    Args:
        explored: two populations' points, of which the first are draws from the reference.
        known: a mixture fitted to all of them.
        largest: the largest peak among them.
        size: how many more draws from the reference to make.
        spending: evaluates the target.
        rng: decides every draw.
        thresholds: of the fit.
    """
    settings = thresholds.black_box
    search = _Hunt(spending, rng, thresholds, _tops(explored, known))
    evidence = max(history.log_evidence for history in explored)
    halves = drawn_from_prior(explored, size.draws, spending, rng)
    groups = []
    for history, half in zip(explored, halves, strict=True):
        climbs = begun(history, *half, settings.hunting_climbs, thresholds.hill)
        groups.append(tuple(search.along(*climbs, evidence - settings.negligible)))
    x, log_p = map(np.concatenate, zip(*halves, strict=True))
    doubts = narrow_doubts(groups, known, evidence, x, log_p, spending, settings)
    looks = Looks(explored[0].reference, largest, evidence, x, log_p, settings)
    met = looks.met(planted_width(known.dim, settings))
    unmet = unmet_doubt(met, len(x), known.dim, settings)
    doubts = (*doubts, *([unmet] if unmet else []))
    return Hunted(tuple(groups), len(x), doubts, looks.narrowest(settings.planted_stated))


def probe(
    fresh: History,
    q: Mixture,
    spending: Spending,
    rng: np.random.Generator,
    thresholds: Settings,
) -> tuple[Population, ...]:
    """Climb from the draws that weigh far too much, which may be on the foot of a spike.

    Args:
        fresh: draws of q, widened.
        q: the approximation.
        spending: evaluates the target.
        rng: decides every draw.
        thresholds: of the fit.

    Returns:
        Populations on summits far above what q says there.
    """
    settings = thresholds.black_box
    weights = Importance(fresh.log_p - fresh.log_q[:, 0])
    excess = weights.usable - weights.log_evidence
    heavy = (excess > settings.heavy) & (excess > np.log(settings.heavy_share * len(fresh)))
    rows = np.flatnonzero(heavy)[np.argsort(-excess[heavy], kind="stable")]
    rows = rows[: settings.hunting_climbs]
    if not len(rows) or spending.over:
        return ()
    x = fresh.x[rows]
    hill = thresholds.hill
    spacing = _spacing(fresh.x, rows, hill.first_width)
    climbed = climb_hills(spending.values, x, fresh.log_p[rows], spacing, rng, hill)
    search = _Hunt(spending, rng, thresholds)
    found = []
    for top, summit in zip(*climbed, strict=True):
        above = summit - q.log_prob(top.mean[None])[0] - weights.log_evidence
        mass = summit + 0.5 * top.dim * LOG_2PI + top.log_det - weights.log_evidence
        if above > settings.heavy and mass > np.log(settings.heavy_share) and not spending.over:
            found.append(search.settled(top, float(summit)))
    return tuple({id(p): p for p in found if p is not None}.values())


@final
@dataclass
class _Hunt:
    spending: Spending
    rng: np.random.Generator
    thresholds: Settings
    peaks: list[_HuntedPeak] = field(default_factory=list)

    def along(self, x, heights, scales, level: float) -> list[Population]:
        """Climb from the points of a half, and return the populations on the peaks it leads to."""
        met = [self._met(point, height) for point, height in zip(x, heights, strict=True)]
        new = np.array([peak is None for peak in met], bool)
        found = [peak.population for peak in met if peak is not None]
        if new.any() and not self.spending.over:
            values, hill = self.spending.values, self.thresholds.hill
            tops, summits = climb_hills(values, x[new], heights[new], scales[new], self.rng, hill)
            for i in np.argsort(-summits, kind="stable"):
                mass = summits[i] + 0.5 * len(x[0]) * LOG_2PI + tops[i].log_det
                if mass > level and not self.spending.over:
                    found.append(self.settled(tops[i], float(summits[i])))
        return [population for population in found if population is not None]

    def _met(self, point, height) -> _HuntedPeak | None:
        """The known peak on whose hill a point is, and that is about as high."""
        apart = [float(np.sum((peak.x - point) ** 2)) for peak in self.peaks]
        most = self.thresholds.hill.neighbors
        near = [self.peaks[i] for i in np.argsort(apart, kind="stable")[:most]]
        if not near or self.spending.over:
            return None
        # A peak is known by a draw near its top, and draws lie D / 2 nats below it on average.
        slack = 1.0 + 0.5 * len(point)
        near = [peak for peak in near if peak.height >= height - slack]
        if not near:
            return None
        ends = np.stack([peak.x for peak in near])
        tops = np.array([peak.height for peak in near])
        starts = np.broadcast_to(point, ends.shape)
        same = same_hill(self.spending.values, starts, np.full(len(near), height), ends, tops)
        return near[int(np.argmax(same))] if same.any() else None

    def settled(self, top: Gaussian, summit: float) -> Population | None:
        """The population on a summit: annealed from around it, if the summit is a new one."""
        peak = self._met(top.mean, summit)
        if peak is not None:
            return peak.population
        hill = self.thresholds.hill
        wide = GaussianComponent(Gaussian(top.mean, hill.wider * top.cholesky))
        black_box = replace(self.thresholds.black_box, max_rounds=hill.rounds)
        settings = replace(self.thresholds, black_box=black_box)
        population = anneal(Mixture((wide,), np.ones(1)), self.spending, self.rng, settings)
        log_p = population.history.log_p
        if population.beta < 1.0 or not np.isfinite(log_p).any():
            return None
        best = int(np.argmax(log_p))
        self.peaks.append(_HuntedPeak(population.history.x[best], float(log_p[best]), population))
        return population


def begun(
    history: History,
    x: Float[np.ndarray, "N D"],
    log_p: Float[np.ndarray, " N"],
    most: int,
    settings: HillSettings = DEFAULT.hill,
) -> tuple[Float[np.ndarray, "K D"], Float[np.ndarray, " K"], Float[np.ndarray, " K"]]:
    """Return points to climb from, among draws from the prior and on a population's way.

    Args:
        history: the population's points, of which the first are draws from the prior.
        x: those draws, and more of them.
        log_p: the log density at each.
        most: how many of the most surprising of each kind.
        settings: the thresholds.

    Returns:
        The points, the log density at each, and the standard deviation to begin with.
    """
    way = slice(history.counts[0], None)
    rows = starts(history.reference, x, log_p, most, settings)
    passed = starts(history.reference, history.x[way], history.log_p[way], most, settings)
    every = np.concatenate([x, history.x[way]])
    heights = np.concatenate([log_p, history.log_p[way]])
    rows = np.concatenate([rows, len(x) + passed])
    return every[rows], heights[rows], _spacing(every, rows, settings.first_width)


def _tops(explored: tuple[History, ...], known: Mixture) -> list[_HuntedPeak]:
    """The point in the middle of each component that is more than a few lucky draws.

    It is not the highest one, which may be a draw on the foot of a spike that was forgotten.
    """
    x = np.concatenate([history.x for history in explored])
    log_p = np.concatenate([history.log_p for history in explored])
    log_w = np.concatenate([history.log_weights() for history in explored])
    finite = np.isfinite(log_p)
    x, log_p, log_w = x[finite], log_p[finite], log_w[finite]
    joint = np.stack([component.log_prob(x) for component in known.components])
    belongs = joint + np.log(known.weights)[:, None]
    belongs = np.argmax(belongs, axis=0) == np.arange(len(belongs))[:, None]
    worth = [Importance(log_w[of]).ess if of.any() else 0.0 for of in belongs]
    sampled = joint[np.array(worth) >= known.dim + 1]
    return [_HuntedPeak(x[row], float(log_p[row])) for row in np.argmax(sampled, axis=1)]


def _spacing(x, rows, part: float) -> Float[np.ndarray, " K"]:
    """A part of the distance of each of some rows to the nearest other row."""
    apart = [np.sum((x - x[row]) ** 2, axis=1) for row in rows]
    nearest = np.array([np.partition(squares, 1)[1] for squares in apart])
    return np.maximum(part * np.sqrt(nearest), _CLOSEST)
