"""Searches that owe nothing to each other, until each mode that matters was found by two."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from fluvial.errors import InputError
from fluvial.inference.black_box.annealing import Population, anneal
from fluvial.inference.black_box.ascending import ascend, check_gradient
from fluvial.inference.black_box.history import History
from fluvial.inference.black_box.hunting import Hunted, hunt
from fluvial.inference.black_box.hunting_size import HuntingSize, hunting_size
from fluvial.inference.black_box.spending import Spending
from fluvial.inference.black_box.weighted_mixture import fit_mixture
from fluvial.inference.run import Run
from fluvial.posterior.gaussian import Gaussian
from fluvial.posterior.mixture import GaussianComponent, Mixture
from fluvial.targets.numpy_callable import NumpyDensity

__all__ = ["Explored", "explore"]

_CHECKED = 3  # points at which a gradient is compared with differences


class Explored(NamedTuple):
    """What searches have found.

    Attributes:
        history: the points of all.
        beta: the lowest inverse temperature at which one of them ended.
        once: modes that matter and that one search only has found, ...
        mass: ... and their share of the mass.
        draws: from the prior, among which peaks were looked for.
        timed: whether a clock has decided how many there are.
        doubts: about peaks that few of them have met.
    """

    history: History
    beta: float
    once: int
    mass: float
    draws: int
    timed: bool
    doubts: tuple[str, ...]


def explore(run: Run, density: NumpyDensity, spending: Spending) -> Explored:
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
    found = ascend if density.has_gradient else anneal
    if density.has_gradient:
        rng = np.random.default_rng([run.seed, 3])
        check_gradient(spending, scale * rng.standard_normal((_CHECKED, dim)), rng)
    groups: list[tuple[Population, ...]] = []
    fewest, most = settings.populations
    hunted, size = Hunted((), 0), HuntingSize(0, timed=False)
    for done in range(1, most + 1):
        if groups and spending.over:
            break
        population = found(reference, spending, run.rng, run.settings)
        if not np.isfinite(population.history.log_p).any():
            if groups:
                break
            raise _nowhere(run, len(population.history))
        groups.append((population,))
        if done == fewest and not spending.over:
            if not density.spared:
                size = hunting_size(dim, spending, settings)
            hunted = _hunted(run, spending, groups, size.draws)
            groups += hunted.groups
        if done >= fewest and not _found_once(run, groups)[0]:
            break
    once, mass = _found_once(run, groups)
    populations = _each_once(groups)
    draws = hunted.draws or sum(group[0].history.counts[0] for group in groups)
    beta = min(p.beta for p in populations)
    return Explored(_joined(populations), beta, once, mass, draws, size.timed, hunted.doubts)


def _hunted(
    run: Run, spending: Spending, groups: Sequence[tuple[Population, ...]], size: int
) -> Hunted:
    """Look among draws from the prior for peaks that populations have missed."""
    rng = np.random.default_rng([run.seed, 1])  # so that the fit is the same if there are none
    explored = tuple(group[0].history for group in groups)
    history = _joined([group[0] for group in groups])
    known = fit_mixture(history.x, history.log_weights(), rng)
    return hunt(explored, known, size, spending, rng, run.settings)


def _each_once(groups: Sequence[tuple[Population, ...]]) -> list[Population]:
    return list({id(population): population for group in groups for population in group}.values())


def _joined(populations: Sequence[Population]) -> History:
    history = populations[0].history
    for population in populations[1:]:
        history = history.merged(population.history)
    return history


def _nowhere(run: Run, size: int) -> InputError:
    return InputError(
        f"the log density is not finite at any of {size} points drawn from where it is to be: "
        "check the function at one of them, and the prior or the bounds."
    )


def _found_once(run: Run, groups: Sequence[tuple[Population, ...]]) -> tuple[int, float]:
    """Count components of a common mixture that only one search has points in, and their mass."""
    settings = run.settings.black_box
    if len(groups) < 2:
        return 1, 1.0
    populations = _each_once(groups)
    history = _joined(populations)
    q = fit_mixture(history.x, history.log_weights(), np.random.default_rng(run.seed))
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
