"""Clipping on the running median."""

import jax.numpy as jnp
import numpy as np

from fluvial.inference.clipping import clip_by_running_median


def after_ordinary_steps(count: int = 64):
    rule = clip_by_running_median(clip=2.0, skip=10.0)
    state = rule.init(jnp.zeros(2))
    for _ in range(count):
        _, state = rule.update(jnp.array([3.0, 4.0]), state)
    return rule, state


def test_an_ordinary_gradient_passes():
    rule, state = after_ordinary_steps()
    update, _ = rule.update(jnp.array([6.0, 8.0]), state)
    np.testing.assert_allclose(update, [6.0, 8.0], rtol=1e-6)


def test_a_long_gradient_is_scaled_to_twice_the_median():
    rule, state = after_ordinary_steps()
    update, _ = rule.update(jnp.array([0.0, 40.0]), state)
    np.testing.assert_allclose(update, [0.0, 10.0], rtol=1e-6)


def test_an_absurd_gradient_is_left_out_and_does_not_move_the_median_much():
    rule, state = after_ordinary_steps()
    update, state = rule.update(jnp.array([0.0, 1e6]), state)
    assert not update.any()
    assert jnp.median(state.norms) == 5.0


def test_a_gradient_that_is_not_finite_is_left_out():
    rule, state = after_ordinary_steps()
    for bad in (jnp.nan, jnp.inf):
        update, state = rule.update(jnp.array([bad, 1.0]), state)
        assert not update.any()
        assert jnp.isfinite(state.norms).all()


def test_nothing_is_clipped_before_half_the_window_is_known():
    rule, state = after_ordinary_steps(count=10)
    update, _ = rule.update(jnp.array([0.0, 1e4]), state)
    np.testing.assert_allclose(update, [0.0, 1e4])
