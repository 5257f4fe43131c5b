"""Flows trained on weighted draws, where the answer is known."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.stats as st

from fluvial.flows import build_flow
from fluvial.objectives import ForwardKL, truncated
from fluvial.training import adam, train_steps


def test_weighted_draws_train_a_flow_to_the_law_that_their_weights_stand_for():
    rng = np.random.default_rng(0)
    mean, covariance = np.array([0.5, -0.3]), np.array([[0.5, 0.2], [0.2, 0.3]])
    x = rng.standard_normal((4000, 2))
    log_w = st.multivariate_normal(mean, covariance).logpdf(x) - st.norm.logpdf(x).sum(axis=1)
    data = (jnp.asarray(x, jnp.float32), jnp.asarray(log_w, jnp.float32))

    def loss(flow, key):
        return ForwardKL()(flow, *data)

    flow = build_flow("triangular", 2, key=jax.random.key(0))
    trained, trace = train_steps(loss, flow, adam, 0.02, jax.random.key(1), steps=600)
    drawn = np.asarray(
        jax.vmap(trained.forward)(jax.random.normal(jax.random.key(2), (20000, 2)))[0]
    )
    assert drawn.mean(axis=0) == pytest.approx(mean, abs=0.05)
    assert np.cov(drawn.T) == pytest.approx(covariance, abs=0.05)
    entropy = st.multivariate_normal(mean, covariance).entropy()
    assert float(trace[-1]) == pytest.approx(entropy, abs=0.05)


def test_a_point_without_weight_does_not_count_however_far_it_is():
    flow = build_flow("realnvp:2", 2, key=jax.random.key(0))
    x = jnp.array([[0.1, 0.2], [1e30, 1e30]])
    objective = ForwardKL()
    value, gradient = jax.value_and_grad(lambda x: objective(flow, x, jnp.array([0.0, -jnp.inf])))(
        x
    )
    assert float(value) == pytest.approx(float(objective(flow, x[:1], jnp.zeros(1))))
    assert float(jnp.abs(gradient[1]).max()) == 0.0


def test_truncated_weights_leave_even_ones_alone_and_bound_the_largest_share():
    assert truncated(np.zeros(5)).tolist() == [0.0] * 5
    assert truncated(np.full(3, np.nan)).tolist() == [-np.inf] * 3
    log_w = np.array([1000.0, *np.zeros(99)])
    largest = np.exp(truncated(log_w).max() - 1000.0)
    assert largest == pytest.approx(np.sqrt(100.0) * np.mean(np.exp(log_w - 1000.0)))
