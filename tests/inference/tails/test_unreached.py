"""Chains that begin at draws, and what they find where the approximation never draws."""

from dataclasses import replace

import jax.numpy as jnp
import numpy as np
import pytest
from jax.scipy.stats import norm

from fluvial.devices import Devices
from fluvial.inference.counted_target import CountedTarget
from fluvial.inference.run import Run
from fluvial.inference.settings import ReachSettings, Settings
from fluvial.inference.tails.unreached import Unreached, unreached
from fluvial.inference.verdict.weighing import with_own_draws
from fluvial.posterior.diagonal_gaussian import DiagonalGaussian
from fluvial.posterior.gaussian import Gaussian
from fluvial.posterior.mixture import GaussianComponent, Mixture
from fluvial.progress import Progress
from fluvial.targets import Target

DIM, SIZE = 30, 4000
DIAGONAL = DiagonalGaussian(np.zeros(DIM), np.ones(DIM))
DENSE = Gaussian(np.zeros(DIM), np.eye(DIM))
FEWER = Settings(reach=ReachSettings(transitions=(4, 10)))


def a_run(log_density, dim=DIM, settings=FEWER):
    counted = CountedTarget(Target(log_density, dim=dim))
    rng = np.random.default_rng(0)
    progress, devices = Progress(shown=False), Devices(every=False)
    return Run(counted, "auto", False, 0, 100, settings, rng, progress, devices)


def log_scale(v):
    return 2.0 * np.maximum(v - 1.0, 0.0)


def opened(x):
    """The others are wider where x_0 > 1, a sixth of the mass, as no draw of N(0, I) is."""
    scale = jnp.exp(2.0 * jnp.maximum(x[0] - 1.0, 0.0))
    return norm.logpdf(x[0]) + norm.logpdf(x[1:], 0, scale).sum()


def its_draws():
    rng = np.random.default_rng(1)
    v, z = rng.standard_normal((SIZE, 1)), rng.standard_normal((SIZE, DIM - 1))
    return np.hstack([v, np.exp(log_scale(v)) * z])


def found(points, gaussian=DIAGONAL):
    run = a_run(opened)
    fitted, _ = with_own_draws(Mixture((GaussianComponent(gaussian),), np.ones(1)), run)
    return unreached(run, fitted, points, np.full(len(points), 1.0 / len(points)))


@pytest.mark.parametrize("gaussian", [DIAGONAL, DENSE])
def test_mass_beside_the_draws_where_no_weight_is_seen_is_found(gaussian):
    draws = np.random.default_rng(2).standard_normal((SIZE, DIM))
    left_out = found(draws, gaussian)
    assert left_out.matters()
    assert left_out.share < 0.16
    # The others' sd there is 2.6 on average: so much mass adds 0.5 (2.6² - 1) times to log sds.
    assert left_out.shift > 2.0 * left_out.share
    assert f"{left_out.share:.1%}" in left_out.sentence()


def test_of_right_draws_nothing_is_missing_however_wrong_the_approximation():
    assert not found(its_draws()).matters()


def test_steps_that_are_right_elsewhere_are_turned_back_where_the_target_is_stiff():
    """A location that 29 others share follows x_0 beyond 1: the sd of it given them is 0.05."""

    def moved(x):
        return norm.logpdf(x[0]) + norm.logpdf(x[1:], 3.5 * jnp.maximum(x[0] - 1.0, 0.0)).sum()

    def found(settings):
        run = a_run(moved, settings=settings)
        fitted, drawn = with_own_draws(Mixture((GaussianComponent(DIAGONAL),), np.ones(1)), run)
        return unreached(run, fitted, drawn.x, np.full(len(drawn.x), 1.0 / len(drawn.x)))

    assert found(FEWER).matters()
    alike = Settings(reach=replace(FEWER.reach, shortest=1.0))
    assert not found(alike).matters()


def test_little_mass_is_too_much_where_it_is_far_out():
    assert Unreached(share=0.015, se=0.004, shift=0.2).matters()
    assert not Unreached(share=0.015, se=0.004, shift=0.02).matters()
    assert not Unreached(share=0.005, se=0.004, shift=0.2).matters()
    assert Unreached(share=0.04, se=0.005, shift=0.02).matters()


def test_few_coordinates_are_left_to_the_search_after_the_fit():
    run = a_run(lambda x: norm.logpdf(x).sum(), dim=20)
    q = Mixture((GaussianComponent(DiagonalGaussian(np.zeros(20), np.ones(20))),), np.ones(1))
    fitted, drawn = with_own_draws(q, run)
    before = run.counted.evaluations
    assert unreached(run, fitted, drawn.x, np.exp(drawn.weights.smoothed)).share == 0.0
    assert run.counted.evaluations == before
