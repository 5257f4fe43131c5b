import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fluvial.posterior.tilt import fitted_tilt

RNG = np.random.default_rng(0)


def _tilt(x, w, r):
    found = fitted_tilt(x, w, r)
    assert found is not None
    return found


def _skewed(size=8192):
    """Draws of N(0, I) with weights of a density that is skewed, and bent by its square."""
    x = RNG.standard_normal((size, 2))
    r = 0.3 * np.tanh(x[:, 0]) ** 3 + 0.2 * np.sin(x[:, 1]) * x[:, 0]
    w = np.exp(r)
    return x, w / w.sum(), r - np.log(np.mean(w))


def test_a_tilt_makes_up_for_what_is_smooth():
    x, w, r = _skewed()
    tilt = _tilt(x, w, r)
    left = r - tilt.values(x)
    assert np.sqrt(w @ (left - w @ left) ** 2) < 0.02
    fresh = np.random.default_rng(1).standard_normal((200_000, 2))
    assert np.mean(np.exp(tilt.values(fresh))) == pytest.approx(1.0, abs=0.003)


def test_jax_has_the_same_values_and_gradients():
    tilt = _tilt(*_skewed())
    points = np.array([[0.3, -1.0], [0.0, 0.0], [40.0, 3.0]])
    with jax.enable_x64(True):
        both = jax.jit(jax.vmap(jax.value_and_grad(tilt.traced)))
        values, slopes = both(jnp.asarray(points))
    np.testing.assert_allclose(values, tilt.values(points), atol=1e-12)
    assert np.isfinite(slopes).all()
    step = np.array([1e-6, 0.0])
    slope = (tilt.values(points[:1] + step) - tilt.values(points[:1] - step)) / 2e-6
    assert float(slopes[0, 0]) == pytest.approx(slope[0], rel=1e-5)


def test_a_tilt_makes_no_mass_where_there_are_no_draws():
    x = RNG.standard_normal((4000, 2))
    x = x[x[:, 1] > 0.2 * x[:, 0] ** 2 - 1.0]  # nothing on one side
    r = 0.5 * np.tanh(3.0 * x[:, 0])
    tilt = _tilt(x, np.full(len(x), 1.0 / len(x)), r)
    everywhere = 30.0 * RNG.standard_normal((4000, 2))
    assert np.ptp(tilt.values(everywhere)) <= np.ptp(r)


def test_there_is_no_tilt_where_none_helps():
    x = RNG.standard_normal((2000, 3))
    w = np.full(2000, 1.0 / 2000)
    assert fitted_tilt(x, w, np.full(2000, 0.7)) is None
    assert fitted_tilt(x, w, RNG.standard_normal(2000)) is None
    assert fitted_tilt(x[:50], w[:50], x[:50, 0]) is None
    assert fitted_tilt(x, 0.0 * w, x[:, 0]) is None
