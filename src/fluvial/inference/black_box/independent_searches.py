"""Searches that owe nothing to each other, until each mode that matters was found by two."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, final

import numpy as np

from fluvial.errors import InputError
from fluvial.inference.black_box.annealing import (
    Population,
    anneal,
    flow_guides,
    fresh_needed,
)
from fluvial.inference.black_box.ascending import ascend, check_gradient
from fluvial.inference.black_box.checks import repeat_heaviest
from fluvial.inference.black_box.history import History
from fluvial.inference.black_box.hunting import Hunted, hunt
from fluvial.inference.black_box.hunting_size import HuntingSize, hunting_size
from fluvial.inference.black_box.largest_peak import largest_peak
from fluvial.inference.black_box.planted_peaks import Narrowest
from fluvial.inference.black_box.spending import Spending
from fluvial.inference.black_box.weighted_mixture import fit_mixture
from fluvial.inference.run import Run
from fluvial.inference.settings import BlackBoxSettings, Settings
from fluvial.posterior.gaussian import Gaussian
from fluvial.posterior.judgment import Resolution
from fluvial.posterior.mixture import GaussianComponent, Mixture
from fluvial.targets.numpy_callable import NumpyDensity

__all__ = ["Exploration", "explore"]

_REPETITION = 3  # definition: a number for a look, of which the lane's own are the first two


class Exploration(NamedTuple):
    """What searches have found.

    Attributes:
        history: the points of all.
        beta: the lowest inverse temperature at which one of them ended.
        once: modes that matter and that one search only has found, ...
        mass: ... and their share of the mass.
        draws: from the prior, among which peaks were looked for.
        narrowest: the width of peaks that they would have met.
        timed: whether a clock has decided how many there are.
        doubts: about peaks that few of them have met.
        flows: whether mixtures of Gaussians would not do.
    """

    history: History
    beta: float
    once: int
    mass: float
    draws: int
    narrowest: Narrowest
    timed: bool
    doubts: tuple[str, ...]
    flows: bool

    def resolution(self, settings: BlackBoxSettings) -> Resolution:
        """Return how narrow a mode would have been met with the probability that is stated."""
        narrowest = self.narrowest
        stated = settings.planted_stated
        return Resolution(narrowest.of_prior, narrowest.of_largest, stated, self.draws)


def explore(run: Run, density: NumpyDensity, spending: Spending) -> Exploration:
    """Anneal independent populations, until two searches have found each mode that matters.

    Args:
        run: the fit.
        density: the target's.
        spending: evaluates it.

    Raises:
        InputError: if the density is finite nowhere, or its gradient is not its own.
    """
    settings = run.settings.black_box
    dim = run.target.dim
    scale = 1.0 if density.prior.proper else settings.reference_sd
    wide = GaussianComponent(Gaussian(np.zeros(dim), scale * np.eye(dim)))
    reference = Mixture((wide,), np.ones(1))
    search = _Searching(run, density, spending, reference)
    if density.has_gradient:
        rng = np.random.default_rng([run.seed, 3])
        hill = run.settings.hill
        check_gradient(spending, scale * rng.standard_normal((hill.checked, dim)), rng, hill)
    groups: list[tuple[Population, ...]] = []
    fewest, most = settings.populations
    hunted, size = Hunted((), 0), HuntingSize(0, timed=False)
    once, mass = 1, 1.0  # as of the first search
    for done in range(1, most + 1):
        if groups and spending.over:
            break
        group = search.group(groups)
        history = group[0].history
        if not groups:
            first = slice(history.counts[0])
            density.check_prior(history.x[first][np.isneginf(history.log_p[first])])
        if not np.isfinite(history.log_p).any():
            if groups:
                break
            proper = density.prior.proper
            raise _nowhere(len(history), density.failure, proper=proper, scale=scale)
        groups.append(group)
        if done == fewest and all(group[0].beta < 1.0 for group in groups):
            groups = search.led_on(groups)
        if done == fewest and not spending.over:
            made = sum(history.counts[0] for history in _firsts(groups))
            share = min(group[0].efficiency for group in groups)
            fresh, quick = fresh_needed(share, settings), not density.spared
            size = hunting_size(dim, made, fresh, spending, settings, quick=quick)
            hunted = _hunted(run, spending, groups, size)
            groups += hunted.groups
        if done >= fewest:
            once, mass = _found_once(run, groups)
            if not once:
                break
    populations = _each_once(groups)
    draws = hunted.draws or sum(group[0].history.counts[0] for group in groups)
    beta = min(p.beta for p in populations)
    history = _joined(populations)
    told = draws, hunted.narrowest, size.timed, hunted.doubts
    return Exploration(history, beta, once, mass, *told, search.flows)


@final
@dataclass
class _Searching:
    """Makes populations: by flows from when on all mixtures of Gaussians have got stuck."""

    run: Run
    density: NumpyDensity
    spending: Spending
    reference: Mixture
    flows: bool = False

    def group(self, groups: Sequence[tuple[Population, ...]]) -> tuple[Population, ...]:
        """What one more search finds, after others."""
        common = self.reference, self.spending, self.run.rng, self.run.settings
        if self.flows:
            return (self._by_flows(None),)
        if self.density.has_gradient:
            return ascend(*common, groups[0][0] if groups else None)
        return (anneal(*common),)

    def led_on(self, groups: list[tuple[Population, ...]]) -> list[tuple[Population, ...]]:
        """Lead populations that are stuck on by flows, of which those that follow are made."""
        self.flows = self._may(groups[0][0].history)
        if not self.flows:
            return groups
        return [(self._by_flows(group[0].history),) for group in groups]

    def _may(self, history: History) -> bool:
        """Whether flows may do what mixtures have not: of a function that says what it said."""
        if self.spending.over or self.reference.dim < 2 or not np.isfinite(history.log_p).any():
            return False
        common = self.density, self.spending, history
        return not repeat_heaviest(*common, _REPETITION, self.run.settings).fatal

    def _by_flows(self, history: History | None) -> Population:
        run = self.run
        guides = flow_guides(self.reference.dim, run.settings)
        return anneal(self.reference, self.spending, run.rng, run.settings, history, guides)


def _hunted(
    run: Run, spending: Spending, groups: Sequence[tuple[Population, ...]], size: HuntingSize
) -> Hunted:
    """Look among draws from the prior for peaks that populations have missed."""
    rng = np.random.default_rng([run.seed, 1])  # so that the fit is the same if there are none
    explored = _firsts(groups)
    known, largest = _known(_joined(_each_once(groups)), rng, run.settings)
    return hunt(explored, known, largest, size, spending, rng, run.settings)


def _firsts(groups: Sequence[tuple[Population, ...]]) -> tuple[History, ...]:
    """Of each search, the points that are its own, of which the first are from the reference."""
    return tuple(group[0].history for group in groups)


def _known(
    history: History, rng: np.random.Generator, settings: Settings
) -> tuple[Mixture, Gaussian]:
    """A mixture fitted to all points, and its largest peak."""
    known = fit_mixture(history.x, history.log_weights(), rng, settings.mixture)
    return known, largest_peak(known, history, settings.hill)


def _each_once(groups: Sequence[tuple[Population, ...]]) -> list[Population]:
    return list({id(population): population for group in groups for population in group}.values())


def _joined(populations: Sequence[Population]) -> History:
    history = populations[0].history
    for population in populations[1:]:
        history = history.merged(population.history)
    return history


def _nowhere(size: int, failure: str, *, proper: bool, scale: float) -> InputError:
    how = f" (a call {failure})" if failure else ""
    if proper:
        return InputError(
            f"the log density is not finite at any of {size} points drawn from the prior{how}: "
            "check the function at one of them, and the prior or the bounds."
        )
    return InputError(
        f"the log density is not finite at any of {size} points drawn around the origin, with a "
        f"standard deviation of {scale:g}{how}: give `bounds` or a `prior` that lead to where it "
        "is."
    )


def _found_once(run: Run, groups: Sequence[tuple[Population, ...]]) -> tuple[int, float]:
    """Count components of a common mixture that only one search has points in, and their mass."""
    settings = run.settings.black_box
    populations = _each_once(groups)
    history = _joined(populations)
    rng = np.random.default_rng(run.seed)
    q = fit_mixture(history.x, history.log_weights(), rng, run.settings.mixture)
    joint = np.stack([c.log_prob(history.x) for c in q.components], axis=1) + np.log(q.weights)
    shares = np.exp(joint - joint.max(axis=1, keepdims=True))
    shares /= shares.sum(axis=1, keepdims=True)
    mass = history.shares_of_mass @ shares
    parts = np.split(shares, np.cumsum([len(p.history) for p in populations])[:-1])
    holds = {
        id(p): p.history.shares_of_mass @ part >= settings.missed * mass
        for p, part in zip(populations, parts, strict=True)
    }
    nowhere = np.zeros(len(mass), bool)
    finders = sum(np.any([nowhere, *(holds[id(p)] for p in group)], axis=0) for group in groups)
    once = (mass >= settings.matters) & (finders < 2)
    return int(once.sum()), float(mass[once].sum())
