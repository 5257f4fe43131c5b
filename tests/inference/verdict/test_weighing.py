"""The weights that the components of a mixture are given, and what it then is."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.scipy.special import logsumexp

from fluvial.flows import build_flow
from fluvial.inference.counted_target import CountedTarget
from fluvial.inference.verdict.weighing import Weighed, error_of, mixture_of
from fluvial.objectives import Importance
from fluvial.posterior.gaussian import Gaussian
from fluvial.posterior.mixture import FlowComponent, GaussianComponent, Mixture
from fluvial.targets import Target

CENTERS = np.array([[-6.0, 0.0], [6.0, 0.0], [0.0, 9.0]])
SHARES = np.array([0.6, 0.3, 0.1])


def target_of(shares, centers):
    def log_density(x):
        squares = jnp.sum((x - jnp.asarray(centers, x.dtype)) ** 2, axis=1)
        return logsumexp(-0.5 * squares + jnp.log(jnp.asarray(shares, x.dtype)))

    return CountedTarget(Target(log_density, dim=2))


def unit_at(center):
    return GaussianComponent(Gaussian(np.asarray(center, float), np.eye(2)))


def test_components_that_are_apart_are_weighed_by_their_evidence():
    q = mixture_of(
        [unit_at(c) for c in CENTERS], target_of(SHARES, CENTERS), np.random.default_rng(0)
    )
    np.testing.assert_allclose(q.weights, SHARES, atol=1e-6)


def test_what_components_share_is_not_counted_twice():
    twice = [unit_at(CENTERS[0]), unit_at(CENTERS[0]), unit_at(CENTERS[1])]
    target = target_of([0.5, 0.5], CENTERS[:2])
    q = mixture_of(twice, target, np.random.default_rng(0))
    assert q.weights[-1] == pytest.approx(0.5, abs=1e-6)


def test_a_component_without_mass_is_dropped():
    q = mixture_of(
        [unit_at([0.0, 0.0]), unit_at([40.0, 0.0])],
        target_of([1.0], CENTERS[:1] * 0),
        np.random.default_rng(0),
    )
    assert len(q.components) == 1


def test_draws_come_with_their_log_density():
    q = Mixture(tuple(unit_at(c) for c in CENTERS), SHARES)
    x, log_q = q.sample(np.random.default_rng(0), 1000)
    np.testing.assert_allclose(log_q, q.log_prob(x))
    nearest = np.argmin(((x[:, None] - CENTERS) ** 2).sum(axis=2), axis=1)
    np.testing.assert_allclose(np.bincount(nearest) / 1000, SHARES, atol=0.002)


def test_a_flow_component_agrees_with_itself_in_both_directions():
    flow = build_flow("realnvp:2,width=8+triangular", 2, key=jax.random.key(0))
    flow = jax.tree.map(
        lambda a: a + 0.2 if a.dtype == jnp.float32 else a, flow, is_leaf=lambda a: False
    )
    component = FlowComponent(flow, Gaussian(np.array([1.0, -2.0]), np.diag([3.0, 0.1])))
    z = np.random.default_rng(0).standard_normal((5, 2))
    x, log_q = component.sample_and_log_prob(z)
    assert x.dtype == log_q.dtype == np.float64
    np.testing.assert_allclose(component.log_prob(x), log_q, atol=1e-9)
    assert component.flow.dim == 2


def test_a_gaussian_component_is_its_flow():
    component = GaussianComponent(
        Gaussian(np.array([1.0, 2.0]), np.array([[2.0, 0.0], [1.0, 0.5]]))
    )
    z = np.array([0.3, -0.4])
    x, log_q = component.sample_and_log_prob(z[None])
    with jax.enable_x64(True):
        y, log_det = component.flow.forward(jnp.asarray(z))
        back, _ = component.flow.inverse(y)
    np.testing.assert_allclose(y, x[0])
    np.testing.assert_allclose(back, z)
    assert float(log_det) == pytest.approx(component.gaussian.log_det)
    assert log_q[0] == pytest.approx(-0.5 * z @ z - np.log(2 * np.pi) - float(log_det))


def test_an_approximation_is_compared_with_its_own_draws_among_others():
    """Of a right one they differ by nothing but what the wider draws add."""
    rng = np.random.default_rng(0)
    q = Mixture((unit_at([0.0, 0.0]),), np.ones(1))
    x, wide = rng.standard_normal((4000, 2)), 2.0 * rng.standard_normal((400, 2))
    order = rng.permutation(4400)
    points, weights = np.concatenate([x, wide])[order], np.repeat([1.0, 0.1], [4000, 400])[order]
    own = order[order < 4000]
    fitted = Weighed(q, x[own], np.zeros(4000), Importance(np.zeros(4000)))
    together = error_of(fitted, points, weights / weights.sum())
    again = Weighed(q, rng.standard_normal((4000, 2)), np.zeros(4000), Importance(np.zeros(4000)))
    apart = error_of(again, points, weights / weights.sum())
    assert together.mean_shift_se < 0.3 * apart.mean_shift_se
    assert together.mean_shift < 4.0 * together.mean_shift_se
