import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from fluvial.training import adam, clip_by_running_median

PARAMETERS = {"a": jnp.array([1.0, -2.0]), "b": jnp.array([[0.5]])}
ADAM = adam(0.01)
CLIPPED = clip_by_running_median(optax.sgd(1.0))


@jax.jit
def step(gradient, state):
    # as in the loop: optax raises a Python float to an int32 power, which strict promotion forbids
    with jax.numpy_dtype_promotion("standard"):
        return ADAM.update(gradient, state, PARAMETERS)


def gradient(size=1.0):
    return jax.tree.map(lambda leaf: size * jnp.sin(leaf + 1), PARAMETERS)


def settled(count=40):
    state = ADAM.init(PARAMETERS)
    for _ in range(count):
        _, state = step(gradient(), state)
    return state


def first_moment(state):
    return state.first["a"]


def after_ordinary_steps(count=64):
    state = CLIPPED.init(jnp.zeros(2))
    for _ in range(count):
        _, state = CLIPPED.update(jnp.array([3.0, 4.0]), state)
    return state


def test_it_is_adam():
    reference = optax.adam(0.01)
    expected_state, state = reference.init(PARAMETERS), ADAM.init(PARAMETERS)
    for k in range(5):
        g = jax.tree.map(lambda leaf, k=k: jnp.sin(leaf + k), PARAMETERS)
        with jax.numpy_dtype_promotion("standard"):
            expected, expected_state = reference.update(g, expected_state)
        found, state = step(g, state)
        jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-5), expected, found)
    assert int(state.skipped) == 0


@pytest.mark.parametrize("size", [np.nan, np.inf, 11.0])
def test_an_absurd_gradient_changes_nothing_but_the_count(size):
    before = settled()
    update, after = step(gradient(size), before)
    assert not any(leaf.any() for leaf in jax.tree.leaves(update))
    assert int(after.skipped) == 1
    assert int(after.taken) == 40
    for name in ("first", "second"):
        jax.tree.map(np.testing.assert_array_equal, getattr(after, name), getattr(before, name))
    assert np.isfinite(np.asarray(after.norms)[:41]).all()


def test_it_is_optaxs_adam_behind_the_clip_for_any_rule():
    one, other = settled(), clip_by_running_median(optax.adam(0.01))
    with jax.numpy_dtype_promotion("standard"):
        state = other.init(PARAMETERS)
        for _ in range(40):
            _, state = other.update(gradient(), state)
        for size in (1.0, 3.0, 20.0, np.nan, 0.5):
            expected, state = other.update(gradient(size), state)
            found, one = step(gradient(size), one)
            jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-4), expected, found)
    assert int(one.skipped) == int(state.skipped) == 2


def test_an_absurd_gradient_moves_the_median_little():
    _, state = CLIPPED.update(jnp.array([0.0, 1e6]), after_ordinary_steps())
    assert jnp.median(state.norms) == 5.0


def test_an_ordinary_gradient_passes():
    update, _ = CLIPPED.update(jnp.array([6.0, 8.0]), after_ordinary_steps())
    np.testing.assert_allclose(update, [-6.0, -8.0], rtol=1e-6)


def test_a_long_gradient_is_scaled_to_twice_the_median():
    update, _ = CLIPPED.update(jnp.array([0.0, 40.0]), after_ordinary_steps())
    np.testing.assert_allclose(update, [0.0, -10.0], rtol=1e-6)


def test_a_long_gradient_of_a_tree_is_cut_as_a_whole():
    _, after = step(gradient(5.0), settled())
    _, twice = step(gradient(2.0), settled())
    np.testing.assert_allclose(first_moment(after), first_moment(twice), rtol=1e-5)
    assert int(after.skipped) == 0


def test_nothing_is_clipped_before_half_the_window_is_known():
    update, _ = CLIPPED.update(jnp.array([0.0, 1e4]), after_ordinary_steps(count=10))
    np.testing.assert_allclose(update, [0.0, -1e4])


def test_gradients_can_grow_for_good():
    state = settled()
    before = state.norms[0]
    for _ in range(60):
        _, state = step(gradient(8.0), state)
    assert int(state.skipped) == 0
    assert float(jnp.median(state.norms)) > 4 * float(before)
