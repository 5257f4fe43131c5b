import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fluvial.errors import InputError
from fluvial.flows import RationalQuadratic


def published_formula(z, parameters, bins, bound):
    """Durkan et al. 2019, eq. 4, one coordinate, as printed."""
    raw_w, raw_h, raw_d = parameters[:bins], parameters[bins : 2 * bins], parameters[2 * bins :]

    def edges(raw):
        share = np.exp(raw) / np.exp(raw).sum()
        return np.concatenate(
            [[-bound], np.cumsum(2 * bound * (1e-3 + (1 - 1e-3 * bins) * share)) - bound]
        )

    at, to = edges(raw_w), edges(raw_h)
    most = np.log(100)
    derivatives = np.concatenate([[1], np.exp(most * np.tanh(raw_d / most)), [1]])
    k = np.searchsorted(at, z, side="right") - 1
    s = (to[k + 1] - to[k]) / (at[k + 1] - at[k])
    xi = (z - at[k]) / (at[k + 1] - at[k])
    d0, d1 = derivatives[k], derivatives[k + 1]
    top = (to[k + 1] - to[k]) * (s * xi**2 + d0 * xi * (1 - xi))
    return to[k] + top / (s + (d1 + d0 - 2 * s) * xi * (1 - xi))


def test_against_the_published_formula(x64):
    bins, bound = 5, 3.0
    spline = RationalQuadratic(bins, bound)
    parameters = np.random.default_rng(0).normal(size=spline.size)
    z = np.linspace(-2.99, 2.99, 50)
    x, _ = jax.jit(spline.forward)(jnp.asarray(z), jnp.tile(parameters[:, None], 50))
    expected = [published_formula(point, parameters, bins, bound) for point in z]
    np.testing.assert_allclose(x, expected, atol=1e-12)


def test_zero_numbers_are_the_identity(x64):
    spline = RationalQuadratic()
    z = jnp.linspace(-8.0, 8.0, 101)
    x, log_det = jax.jit(spline.forward)(z, jnp.zeros((spline.size, 101)))
    np.testing.assert_allclose(x, z, atol=1e-13)
    np.testing.assert_allclose(log_det, 0, atol=1e-13)


def test_value_and_derivative_are_continuous_at_knots_and_ends(x64):
    spline = RationalQuadratic(bins=4, bound=2.0)
    parameters = jnp.asarray(np.random.default_rng(1).normal(size=(spline.size, 1)))
    z = jnp.linspace(-2.2, 2.2, 20001)
    x, log_det = jax.jit(spline.forward)(z, jnp.tile(parameters, z.size))
    assert np.diff(x).min() > 0
    assert np.abs(np.diff(x)).max() < 0.01
    assert np.abs(np.diff(log_det)).max() < 0.03


COARSE = RationalQuadratic(bins=4, bound=2.0)
coarse_inverse = jax.jit(COARSE.inverse)


@settings(deadline=None, max_examples=50)
@given(st.integers(0, 10**6), st.sampled_from([1.0, 10.0, 1e4]))
def test_inverse_is_finite_for_any_numbers_and_never_leaves_the_interval(seed, size):
    rng = np.random.default_rng(seed)
    x = jnp.asarray(rng.uniform(-2, 2, size=64), jnp.float32)
    parameters = jnp.asarray(size * rng.normal(size=(COARSE.size, 64)), jnp.float32)
    z, log_det = coarse_inverse(x, parameters)
    assert bool(jnp.isfinite(z).all() & jnp.isfinite(log_det).all())
    assert bool((jnp.abs(z) <= 2.0001).all())


def test_gradients_outside_are_those_of_the_identity():
    spline = RationalQuadratic()
    parameters = jnp.full((spline.size, 4), 5.0)
    points = jnp.array([-7.0, 6.0, 1e4, 3e38])  # the square of the last is infinite
    for way in (spline.forward, spline.inverse):

        def total(point, parameters, way=way):
            x, log_det = way(point, parameters)
            return x.sum() + log_det.sum()

        to_point, to_numbers = jax.jit(jax.grad(total, (0, 1)))(points, parameters)
        np.testing.assert_array_equal(to_point, 1)
        np.testing.assert_array_equal(to_numbers, 0)


def test_inverse_is_finite_at_the_upper_edge_of_the_smallest_bins():
    """There a point may round to a place above its bin, and the discriminant below 0.

    One in a hundred does, in the order of summation that XLA takes for large arrays.
    """
    spline, points = RationalQuadratic(), 100_000
    rng = np.random.default_rng(0)
    parameters = rng.normal(size=(spline.size, points))
    smallest, column = rng.integers(1, 7, size=points), np.arange(points)
    parameters[smallest, column] = parameters[8 + smallest, column] = -1e4
    parameters[16:] = -1e4
    heights = np.exp(parameters[8:16]) / np.exp(parameters[8:16]).sum(axis=0)
    edges = 12 * np.cumsum(1e-3 + (1 - 8e-3) * heights, axis=0) - 6
    x = edges[smallest, column] - rng.uniform(0, 2e-6, size=points)
    z, log_det = jax.jit(spline.inverse)(
        jnp.asarray(x, jnp.float32), jnp.asarray(parameters, jnp.float32)
    )
    assert bool(jnp.isfinite(z).all() & jnp.isfinite(log_det).all())


@pytest.mark.parametrize(("bins", "bound"), [(1, 6.0), (1000, 6.0), (8, 0.0)])
def test_impossible_splines_are_refused(bins, bound):
    with pytest.raises(InputError, match="2 to 999 bins and a positive bound"):
        RationalQuadratic(bins, bound)
