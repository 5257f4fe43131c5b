import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from fluvial.amortized.optimizer import adam_step, start_moments

PARAMETERS = {"a": jnp.array([1.0, -2.0]), "b": jnp.array([[0.5]])}
RATE = jnp.array(0.01)
step = jax.jit(adam_step)


def gradient(size=1.0):
    return jax.tree.map(lambda leaf: size * jnp.sin(leaf + 1), PARAMETERS)


def test_it_is_adam():
    reference = optax.adam(0.01)
    state = reference.init(PARAMETERS)
    expected, found, moments = PARAMETERS, PARAMETERS, start_moments(PARAMETERS)
    for k in range(5):
        g = jax.tree.map(lambda leaf, k=k: jnp.sin(leaf + k), expected)
        with jax.numpy_dtype_promotion("standard"):
            update, state = reference.update(g, state)
        expected = optax.apply_updates(expected, update)
        found, moments = step(found, g, moments, RATE)
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-5), expected, found)
    assert (int(moments.taken), int(moments.skipped)) == (5, 0)


def settled():
    moments = start_moments(PARAMETERS)
    for _ in range(40):
        _, moments = step(PARAMETERS, gradient(), moments, RATE)
    return moments


@pytest.mark.parametrize("size", [np.nan, np.inf, 11.0])
def test_an_absurd_gradient_changes_nothing_but_the_count(size):
    moments = settled()
    parameters, after = step(PARAMETERS, gradient(size), moments, RATE)
    same = jax.tree.map(lambda a, b: bool((a == b).all()), PARAMETERS, parameters)
    assert all(jax.tree.leaves(same))
    assert int(after.skipped) == 1
    assert int(after.taken) == 40
    np.testing.assert_array_equal(after.first["a"], moments.first["a"])
    assert np.isfinite(np.asarray(after.norms)[:41]).all()


def test_a_long_gradient_is_cut_to_twice_the_median():
    moments = settled()
    _, after = step(PARAMETERS, gradient(5.0), moments, RATE)
    _, twice = step(PARAMETERS, gradient(2.0), moments, RATE)
    np.testing.assert_allclose(after.first["a"], twice.first["a"], rtol=1e-5)
    assert int(after.skipped) == 0


def test_gradients_can_grow_for_good():
    moments = settled()
    before = moments.norms[0]
    for _ in range(60):
        _, moments = step(PARAMETERS, gradient(8.0), moments, RATE)
    assert int(moments.skipped) == 0
    assert float(jnp.median(moments.norms)) > 4 * float(before)
