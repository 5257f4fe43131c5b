"""Margins of a Gaussian copula, and the Gaussian that it starts from."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.scipy.stats import norm

from fluvial.inference.counted_target import CountedTarget
from fluvial.inference.gaussian.conditional import conditional_gaussian
from fluvial.inference.gaussian.expected_curvature import with_expected_curvature
from fluvial.inference.natural_gradient.copula_steps import CopulaMoves, copula_of
from fluvial.inference.natural_gradient.natural_moves import Look
from fluvial.inference.natural_gradient.natural_steps import natural_steps
from fluvial.inference.settings import NaturalSettings
from fluvial.inference.structure.find_structure import bend_alone
from fluvial.objectives import Importance
from fluvial.posterior.diagonal_gaussian import DiagonalGaussian
from fluvial.posterior.gaussian import Gaussian
from fluvial.posterior.mixture import FlowComponent, GaussianComponent
from fluvial.targets import Target

SITES = 30
COUNTS = np.random.default_rng(0).poisson(0.5, SITES).astype(float)
RULES = np.random.default_rng(1).normal(size=(60, SITES)) / 4.0


def field(x):
    """A random walk of log rates, and a count at each step."""
    prior = norm.logpdf(x[0], -1.0, 1.5) + norm.logpdf(x[1:], x[:-1], 0.8).sum()
    return prior + (x * COUNTS - jnp.exp(x)).sum()


def regression(x):
    """Each term is one of a sum of all coordinates."""
    return norm.logpdf(x).sum() - jnp.logaddexp(0.0, 3.0 * RULES @ x).sum()


@pytest.fixture(scope="module")
def start():
    counted = CountedTarget(Target(field, dim=SITES))
    start = DiagonalGaussian(np.zeros(SITES), np.ones(SITES))
    found = conditional_gaussian(counted, start, ()).gaussian
    assert found is not None
    return counted, found


def weights(counted, component):
    z = np.random.default_rng(2).standard_normal((8192, counted.dim))
    x, log_q = component.sample_and_log_prob(z)
    return Importance(counted.values(x) - log_q)


def test_expected_curvature_is_nearer_than_that_at_the_mode(start):
    counted, laplace = start
    found = with_expected_curvature(counted, laplace, np.random.default_rng(0))
    before, after = (weights(counted, GaussianComponent(g)) for g in (laplace, found))
    assert after.elbo > before.elbo + 0.1
    # Of the best Gaussian the mean score is zero.
    x = found.color(np.random.default_rng(3).standard_normal((8192, SITES)))
    score = counted.value_and_grad(x)[1].mean(axis=0)
    assert np.abs(score * found.sd).max() < 0.1


def test_where_curvature_cannot_be_told_the_start_stays():
    counted = CountedTarget(Target(lambda x: jnp.where(x[0] > 9.0, -x @ x, jnp.nan), dim=4))
    start = Gaussian(np.zeros(4), np.eye(4))
    assert with_expected_curvature(counted, start, np.random.default_rng(0)) is start


def test_a_gaussian_is_a_copula_with_straight_margins(start):
    gaussian = start[1]
    flow, margins = copula_of(gaussian)
    x = gaussian.color(np.random.default_rng(0).standard_normal((50, SITES)))
    np.testing.assert_allclose(
        FlowComponent(flow, margins).log_prob(x), gaussian.log_prob(x), atol=1e-4
    )


def test_a_few_steps_bend_the_margins_of_a_field_of_counts(start):
    counted, laplace = start
    rng = np.random.default_rng(0)
    gaussian = with_expected_curvature(counted, laplace, rng)
    flow, margins = copula_of(gaussian)
    stepped = natural_steps(
        flow,
        margins,
        counted.target,
        rng,
        enough=0.001,
        settings=NaturalSettings(draws=1024),
        move=CopulaMoves(flow),
    )
    before = weights(counted, GaussianComponent(gaussian))
    after = weights(counted, FlowComponent(stepped.flow, margins))
    assert after.half_variance < 0.6 * before.half_variance
    assert after.log_evidence - after.elbo < 0.6 * (after.log_evidence - before.elbo)


def test_coordinates_with_terms_of_their_own_bend_alone_and_those_of_a_regression_do_not(start):
    counted, gaussian = start
    rng = np.random.default_rng(0)
    assert bend_alone(counted, gaussian, rng)
    unit = Gaussian(np.zeros(SITES), np.eye(SITES))
    assert not bend_alone(CountedTarget(Target(regression, dim=SITES)), unit, rng)
    plain = CountedTarget(Target(lambda x: -0.5 * jnp.sum(x**2), dim=SITES))
    assert not bend_alone(plain, unit, rng)


def test_sinh_arcsinh_moves_as_its_coefficients_say():
    """A move of skewness alone displaces by He_2 alone, to first order."""
    flow, margins = copula_of(Gaussian(np.zeros(1), np.eye(1)))
    moves = CopulaMoves(flow)
    u = np.linspace(-2.0, 2.0, 9)
    z = np.random.default_rng(0).standard_normal((100_000, 1))
    z = np.concatenate([z, -z])
    # Scores of a density that is He_2 narrower on one side than N(0, 1).
    look = Look(z, np.zeros(len(z)), 0.06 * (z**2 - 1.0), [])
    moved, _ = moves(flow, margins, look, 1.0)
    at = np.asarray(jax.vmap(moved.forward)(jnp.asarray(u[:, None], jnp.float32))[0])[:, 0]
    # √(1 + u²) has Hermite coefficients beyond the third: a tenth of the move.
    np.testing.assert_allclose(at - u, 0.02 * (u**2 - 1.0), atol=0.015)
