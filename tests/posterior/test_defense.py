"""Draws with a wider base: their density, and weights that a tail cannot ruin."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from fluvial.flows import build_flow
from fluvial.objectives import Importance
from fluvial.posterior.accuracy import precision
from fluvial.posterior.defense import Widened, attainable_share, widened
from fluvial.posterior.gaussian import Gaussian
from fluvial.posterior.mixture import FlowComponent, GaussianComponent, Mixture

GAUSSIAN = Gaussian(np.array([1.0, -2.0]), np.array([[0.5, 0.0], [0.3, 2.0]]))


def flow_component():
    flow = build_flow("realnvp:2,width=8+triangular", 2, key=jax.random.key(0))
    flow = jax.tree.map(lambda a: a + 0.1 if a.dtype == jnp.float32 else a, flow)
    return FlowComponent(flow, GAUSSIAN)


@pytest.mark.parametrize("make", [flow_component, lambda: GaussianComponent(GAUSSIAN)])
def test_draws_come_with_the_density_at_which_they_are(make):
    component = make()
    for q in (
        Mixture((component,), np.ones(1)),
        Mixture((component, GaussianComponent(GAUSSIAN)), np.array([0.3, 0.7])),
    ):
        wide = widened(q)
        x, log_q = wide.sample(np.random.default_rng(0), 1000)
        np.testing.assert_allclose(wide.log_prob(x), log_q, atol=1e-8)


def test_the_density_is_normalized_and_bounds_the_weights():
    q = Mixture((GaussianComponent(Gaussian(np.zeros(1), np.eye(1))),), np.ones(1))
    grid = np.linspace(-40.0, 40.0, 20_001)[:, None]
    density = np.exp(widened(q).log_prob(grid))
    assert np.trapezoid(density, grid[:, 0]) == pytest.approx(1.0, abs=1e-6)
    assert np.all(np.exp(q.log_prob(grid)) <= density / 0.8 * (1.0 + 1e-9))


def test_how_many_draws_are_wider_and_by_how_much_can_be_set():
    q = Mixture((GaussianComponent(Gaussian(np.zeros(1), np.eye(1))),), np.ones(1))
    wide = widened(q, every=4, reach=(2.0,))
    expected = 0.75 * stats.norm.pdf(1.5) + 0.25 * stats.norm.pdf(1.5, scale=3.0)
    np.testing.assert_allclose(np.exp(wide.log_prob(np.array([[1.5]]))), expected)


@pytest.mark.parametrize("dim", [1, 3, 20])
def test_what_draws_are_worth_where_q_is_right_is_known(dim):
    q = Mixture((GaussianComponent(Gaussian(np.zeros(dim), np.eye(dim))),), np.ones(1))
    wide = widened(q)
    x, log_q = wide.sample(np.random.default_rng(0), 40_000)
    worth = Importance(q.log_prob(x) - log_q).ess / 40_000
    assert attainable_share(dim) == wide.attainable_share == pytest.approx(worth, abs=3e-3)
    assert q.attainable_share == 1.0


def test_the_draws_follow_the_density():
    q = Mixture((GaussianComponent(Gaussian(np.zeros(1), np.eye(1))),), np.ones(1))
    x, _ = widened(q).sample(np.random.default_rng(0), 20_000)
    exact = 0.8 * stats.norm.cdf(1.0) + 0.1 * stats.norm.cdf(0.5) + 0.1 * stats.norm.cdf(0.25)
    assert np.mean(x < 1.0) == pytest.approx(exact, abs=0.01)


@pytest.mark.parametrize("sd", [1.0, 1.3, 1.7])
def test_a_heavy_tail_that_q_never_visits_is_found(sd):
    """Student-t with 3 degrees: weights of Gaussian draws alone put its sd a fifth too low."""
    q = Mixture((GaussianComponent(Gaussian(np.zeros(1), sd * np.eye(1))),), np.ones(1))
    for seed in range(10):
        x, log_q = widened(q).sample(np.random.default_rng(seed), 8192)
        weights = Importance(stats.t.logpdf(x[:, 0], 3.0) - log_q)
        w = np.exp(weights.smoothed)
        variance = w @ (x[:, 0] - w @ x[:, 0]) ** 2
        assert abs(0.5 * np.log(variance / 3.0)) < 0.12
        assert precision(x, w).variance_ess > 1000


def test_where_the_component_has_no_density_the_widened_one_has_none():
    wide = Widened(GaussianComponent(Gaussian(np.zeros(2), np.eye(2))))
    found = wide.of_gaussian(np.array([-np.inf, -2.0]))
    assert found[0] == -np.inf
    assert np.isfinite(found[1])
