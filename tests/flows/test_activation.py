import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fluvial.flows.activation import silu

POINTS = [-1e4, -30.0, -1.0, -1e-3, 0.0, 1e-3, 1.0, 30.0, 1e4]


@pytest.mark.parametrize("dtype", [jnp.float32, jnp.float64])
def test_values_and_slopes_are_those_of_jax(dtype, x64):
    x = jnp.array(POINTS, dtype)
    tolerance = 4 * float(jnp.finfo(dtype).eps)
    np.testing.assert_allclose(silu(x), jax.nn.silu(x), rtol=tolerance, atol=30 * tolerance)
    slopes, expected = (jax.vmap(jax.grad(f))(x) for f in (silu, jax.nn.silu))
    np.testing.assert_allclose(slopes, expected, rtol=tolerance, atol=30 * tolerance)
    assert slopes.dtype == dtype


def test_has_a_second_derivative(x64):
    bend, expected = (
        jax.vmap(jax.grad(jax.grad(f)))(jnp.linspace(-4, 4, 9)) for f in (silu, jax.nn.silu)
    )
    np.testing.assert_allclose(bend, expected, atol=1e-12)


def test_keeps_one_array_for_the_backward_pass():
    kept = jax.tree.leaves(jax.vjp(silu, jnp.ones(7))[1])
    assert [array.shape for array in kept] == [(7,)]
