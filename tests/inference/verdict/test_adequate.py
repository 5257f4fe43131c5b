"""Gaussians that are right as they are, though not all of their weights are even."""

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
import pytest
from jax.scipy.special import gammaln
from scipy.special import digamma, polygamma

import fluvial
from fluvial.inference.settings import DEFAULT
from fluvial.inference.verdict.adequate import Adequate, agree, is_adequate
from fluvial.inference.verdict.weighing import Weighed
from fluvial.objectives import Importance
from fluvial.posterior.gaussian import Gaussian
from fluvial.posterior.mixture import GaussianComponent, Mixture

SHAPES = np.array([10.0, 15.0, 20.0])


class Case(NamedTuple):
    """A standard normal target, and how far a unit Gaussian is shifted from it."""

    shift: float
    adequate: bool


def log_gammas(x):
    """Of the logarithms of independent Gamma variables: a little skewed."""
    return jnp.sum(SHAPES * x - jnp.exp(x) - gammaln(SHAPES))


@pytest.fixture(scope="module")
def a_little_skewed():
    return fluvial.fit(fluvial.Target(log_gammas, dim=3), seed=1, progress=False)


def test_a_posterior_that_is_a_little_skewed_is_its_gaussian(a_little_skewed):
    assert a_little_skewed.verdict is fluvial.Verdict.GOOD
    assert len(a_little_skewed.approximation.components) == 1
    assert not {"adaptive", "flow"} & set(a_little_skewed.seconds)


def test_its_weighted_draws_have_the_moments_of_the_target(a_little_skewed):
    assert abs(a_little_skewed.log_evidence) < 0.02
    draws = a_little_skewed.draws(8000)["x"]
    sd = polygamma(1, SHAPES) ** 0.5
    assert np.all(np.abs(draws.mean(axis=0) - digamma(SHAPES)) < 0.05 * sd)
    np.testing.assert_allclose(draws.std(axis=0), sd, rtol=0.05)


@pytest.mark.parametrize("case", [Case(0.0, True), Case(0.05, True), Case(0.15, False)])
def test_weights_make_up_for_a_shift_but_the_approximation_has_to_be_right_too(case):
    rng = np.random.default_rng(0)
    gaussian = Gaussian(np.array([case.shift, 0.0]), np.eye(2))
    q = Mixture((GaussianComponent(gaussian),), np.ones(1))
    x, log_q = q.sample(rng, 8192)
    log_p = Gaussian(np.zeros(2), np.eye(2)).log_prob(x)
    weighed = Weighed(q, x, log_p, Importance(log_p - log_q))
    assert is_adequate(Adequate(weighed, weighed), DEFAULT) is case.adequate


def test_estimates_agree_within_their_errors_only():
    even = Importance(np.random.default_rng(0).normal(0.0, 0.2, 4000))
    higher = Importance(even.log_weights + 0.1)
    assert agree(even, even, 4.0)
    assert not agree(even, higher, 4.0)
