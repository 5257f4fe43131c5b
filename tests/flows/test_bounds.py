import jax
import jax.numpy as jnp
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from fluvial.flows.bounds import flatly_bounded, smoothly_bounded

positive = st.floats(0.1, 10)


@settings(deadline=None)
@given(st.floats(-1e6, 1e6, width=32), positive, positive)
def test_stays_within_its_bounds_and_keeps_the_sign(raw, lower, upper):
    bounded = float(smoothly_bounded(jnp.float32(raw), lower, upper))
    assert -lower * (1 + 1e-6) <= bounded <= upper * (1 + 1e-6)
    assert bounded * raw >= 0
    assert abs(bounded) <= abs(raw) * (1 + 1e-6)


def test_each_side_has_its_own_bound():
    bounded = smoothly_bounded(jnp.array([-0.5, 0.5]), 3.0, 0.2)
    np.testing.assert_allclose(bounded, [-3 * np.tanh(0.5 / 3), 0.2 * np.tanh(2.5)], rtol=1e-6)


def test_two_derivatives_are_continuous_where_the_bounds_meet(x64):
    def bounded(raw):
        return smoothly_bounded(raw, 3.0, 0.2)

    for side in (-1e-9, 0.0, 1e-9):
        np.testing.assert_allclose(jax.grad(bounded)(side), 1, atol=1e-8)
        np.testing.assert_allclose(jax.grad(jax.grad(bounded))(side), 0, atol=1e-6)


@settings(deadline=None)
@given(st.floats(-(2.0**100), 2.0**100, width=32, allow_subnormal=False), positive)
def test_a_flat_bound_is_kept_and_hardly_felt_up_to_half_of_it(raw, bound):
    bounded = float(flatly_bounded(jnp.float32(raw), bound))
    assert abs(bounded) <= bound * (1 + 1e-6)
    assert bounded * raw >= 0
    near = np.clip(raw, -0.5 * bound, 0.5 * bound)
    np.testing.assert_allclose(float(flatly_bounded(jnp.float32(near), bound)), near, rtol=6e-4)
    slope = jax.grad(flatly_bounded)(jnp.float32(raw), bound)
    assert np.isfinite(slope)
    assert slope >= 0


def test_a_flat_bound_is_smooth_where_its_two_forms_meet(x64):
    slope = jax.grad(flatly_bounded)
    for derivative in (flatly_bounded, slope, jax.grad(slope)):
        below, above = (derivative(jnp.array(3.0 + side), 3.0) for side in (-1e-9, 1e-9))
        np.testing.assert_allclose(below, above, atol=1e-7)
