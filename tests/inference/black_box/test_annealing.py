"""Populations whose rounds are too small to show the shape of what they are drawn from."""

from dataclasses import replace

import numpy as np

import fluvial
from fluvial.inference.black_box.annealing import anneal
from fluvial.inference.black_box.spending import Spending
from fluvial.inference.counted_target import CountedTarget
from fluvial.inference.fit_budget import FitBudget
from fluvial.inference.settings import DEFAULT
from fluvial.posterior.gaussian import Gaussian
from fluvial.posterior.mixture import GaussianComponent, Mixture
from fluvial.progress import Progress

DIM = 12
FEW = replace(DEFAULT.black_box, round_base=120, round_per_dim=0, worth_base=16, worth_per_dim=0)


def _one(mean, covariance):
    component = GaussianComponent(Gaussian(mean, np.linalg.cholesky(covariance)))
    return Mixture((component,), np.ones(1))


def test_a_population_that_is_stuck_grows_its_rounds_and_comes_to_an_end():
    # Sixteen points of twelve coordinates do not show a shape.
    narrow = _one(np.full(DIM, 0.5), 0.02 * (0.1 * np.eye(DIM) + 0.9))
    sizes = []

    def log_density(x):
        sizes.append(len(x))
        return narrow.log_prob(x)

    target = fluvial.Target.from_numpy(log_density, bounds=[(-3.0, 3.0)] * DIM, vectorized=True)
    spending = Spending(
        CountedTarget(target, DEFAULT, None), FitBudget(None, None), Progress(shown=False)
    )
    reference = _one(np.zeros(DIM), np.eye(DIM))
    settings = replace(DEFAULT, black_box=FEW)
    population = anneal(reference, spending, np.random.default_rng(0), settings)
    assert 120 in sizes
    assert max(sizes[2:]) >= 2 * 120
    assert population.beta == 1.0
