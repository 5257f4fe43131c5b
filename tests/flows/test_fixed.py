import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fluvial.flows.fixed import Fixed


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_value_comes_back_bit_for_bit(dtype, x64):
    value = jnp.asarray([0.1, -0.0, 1e30, -3.5e-20], dtype)
    back = Fixed(value).value
    assert back.dtype == dtype
    np.testing.assert_array_equal(np.signbit(back), np.signbit(value))
    np.testing.assert_array_equal(back, value)


def test_there_is_nothing_to_train():
    leaves = jax.tree.leaves(eqx.filter(Fixed(jnp.ones(3)), eqx.is_inexact_array))
    assert leaves == []
