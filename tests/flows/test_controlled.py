import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from fluvial.flows import Controlled, Langevin

U = np.array([0.7, -0.3])


def score(x):
    return -jnp.tanh(x) - 0.3 * jnp.sin(jnp.roll(x, 1))


def flow_of(score, steps):
    return Controlled(
        score, 2, key=jax.random.key(3), steps=steps, step_size=0.6, width=8, dtype=jnp.float64
    )


def test_it_starts_as_a_langevin_flow(x64):
    flow = flow_of(score, 3)
    langevin = Langevin(score, 2, steps=3, step_size=0.6, dtype=jnp.float64)
    z = jnp.asarray(np.random.default_rng(0).normal(size=flow.dim))
    for moved, expected in zip(flow.forward(z), langevin.forward(z), strict=True):
        np.testing.assert_array_equal(moved, expected)


def test_a_constant_drift_carries_draws_and_loses_nothing(x64):
    """Where no score acts, the way back undoes the drift: its noise is that of the way there."""
    flow = flow_of(jnp.zeros_like, 1)
    flow = eqx.tree_at(lambda f: f.drift.biases[2], flow, jnp.asarray(U))
    flow = eqx.tree_at(lambda f: f.leapfrog.raw_lag, flow, jnp.array([-60.0]))  # no lag: β̃ = 1
    z = jnp.asarray(np.random.default_rng(1).normal(size=4))
    x, log_det = flow.forward(z)
    np.testing.assert_allclose(x[:2], z[:2] + 0.6**2 / 2 * U + 0.6 * z[2:], rtol=1e-12)
    np.testing.assert_allclose(x[2:], -z[2:], rtol=1e-12)
    assert float(log_det) == 0.0


def test_the_drift_changes_with_time(x64):
    flow = flow_of(score, 2)
    weights = 0.3 * jax.random.normal(jax.random.key(4), (2, 8), jnp.float64)
    flow = eqx.tree_at(lambda f: f.drift.weights[2], flow, weights)
    still = eqx.tree_at(lambda f: f.drift.drifts, flow, (jnp.zeros(8), jnp.zeros(8)))
    z = jnp.ones(flow.dim)
    assert not np.allclose(flow.forward(z)[0], still.forward(z)[0])
    np.testing.assert_allclose(flow.inverse(flow.forward(z)[0])[0], z, rtol=1e-12)
