import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fluvial.flows.roots import tanh_root

solve = jax.jit(jax.vmap(tanh_root))


@settings(deadline=None, max_examples=200)
@given(st.floats(-15, 8), st.floats(-12, 6), st.sampled_from([-1.0, 1.0]))
def test_solves_to_machine_precision(log_k, log_r, sign):
    """Slopes from 1e-15 to 1e8, right sides from 1e-12 to 1e6."""
    with jax.enable_x64(True):
        k, r = 10.0**log_k, sign * 10.0**log_r
        s = float(solve(jnp.array([k]), jnp.array([r]))[0])
        size = abs(s) + (abs(k - 1) + 1) * abs(np.tanh(s))
        assert abs(k * np.tanh(s) + (s - np.tanh(s)) - r) <= 1e-14 * size


def test_zero_is_solved_by_zero():
    np.testing.assert_array_equal(solve(jnp.array([0.5, 1.0, 7.0]), jnp.zeros(3)), 0)


@pytest.mark.parametrize("k", [1e-3, 0.5, 1.0, 20.0])
def test_gradients_of_first_and_second_order(k, x64):
    """Against those of the inverse function r(s) = s + (k - 1) tanh s."""
    s = 0.8
    k, r = jnp.array(k), jnp.array(s + (k - 1) * np.tanh(s))
    first = jax.grad(tanh_root, argnums=1)
    slope = 1 + (k - 1) / np.cosh(s) ** 2
    curvature = -2 * (k - 1) * np.tanh(s) / np.cosh(s) ** 2
    np.testing.assert_allclose(first(k, r), 1 / slope, rtol=1e-10)
    np.testing.assert_allclose(jax.grad(first, argnums=1)(k, r), -curvature / slope**3, rtol=1e-9)
    np.testing.assert_allclose(jax.grad(tanh_root)(k, r), -np.tanh(s) / slope, rtol=1e-10)


def test_hard_batches_take_few_steps(x64):
    """The iteration is monotone, so that its end is reached and not a count."""
    k = jnp.geomspace(1e-15, 1e8, 200)
    for r in (1e-10, 1e-3, 1.0, 1e6):
        s = solve(k, jnp.full(200, r))
        assert bool(jnp.isfinite(s).all())
        np.testing.assert_allclose(k * jnp.tanh(s) + (s - jnp.tanh(s)), r, rtol=1e-6)
