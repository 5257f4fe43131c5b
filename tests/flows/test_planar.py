import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fluvial.flows import Planar


def planar(u, w, b=0.0, dtype=jnp.float32):
    flow = Planar(len(u), key=jax.random.key(0), dtype=dtype)
    new = (jnp.asarray(u, dtype), jnp.asarray(w, dtype), jnp.asarray(b, dtype))
    return eqx.tree_at(lambda f: (f.u, f.w, f.b), flow, new)


def test_constraint_is_the_papers(x64):
    """Appendix A.1, with the square of the norm."""
    u, w = np.array([0.3, -1.2, 0.5]), np.array([1.0, 2.0, -0.5])
    wu = w @ u
    m = -1 + np.log1p(np.exp(wu))
    expected = u + (m - wu) * w / (w @ w)
    u_hat, k = planar(u, w, dtype=jnp.float64).constrained()
    np.testing.assert_allclose(u_hat, expected, rtol=1e-13)
    np.testing.assert_allclose(w @ u_hat, m, rtol=1e-13)
    np.testing.assert_allclose(k, 1 + m, rtol=1e-13)


def test_map_and_determinant_are_the_papers(x64):
    flow = planar([0.3, -1.2], [1.0, 2.0], 0.4, jnp.float64)
    u_hat, _ = flow.constrained()
    z = np.array([0.2, -0.1])
    a = flow.w @ z + 0.4
    x, log_det = flow.forward(jnp.asarray(z))
    np.testing.assert_allclose(x, z + u_hat * np.tanh(a), rtol=1e-13)
    psi = (1 - np.tanh(a) ** 2) * flow.w
    np.testing.assert_allclose(log_det, np.log(abs(1 + u_hat @ psi)), rtol=1e-12)


@eqx.filter_jit
def there_and_back(flow, z):
    x, log_det = flow.forward(z)
    return x, log_det, *flow.inverse(x)


@settings(deadline=None, max_examples=100)
@given(st.lists(st.floats(-30, 30), min_size=7, max_size=7), st.floats(-50, 50))
def test_inverse_for_any_parameters(parameters, scale):
    with jax.enable_x64(True):
        flow = planar(parameters[:3], parameters[3:6], parameters[6], jnp.float64)
        z = scale * jnp.asarray([1.0, -0.5, 0.25])
        x, log_det, back, back_log_det = there_and_back(flow, z)
        u_hat, w = np.asarray(flow.constrained()[0]), np.asarray(flow.w)
        # What a contraction has brought together to rounding, no inverse can tell apart.
        reach = np.abs(u_hat).max() + np.abs(x).max() + 1
        amplified = max(1, np.linalg.norm(w) * np.linalg.norm(u_hat))
        allowed = 1e-13 * reach * amplified * np.exp(max(0, -log_det))
        assert np.abs(back - z).max() <= allowed
        if allowed < 1e-8:
            np.testing.assert_allclose(back_log_det, -log_det, atol=1e-6)


def test_translation_at_zero_normal_with_finite_gradients():
    flow = planar([0.5, -1.0], [0.0, 0.0], 0.7)
    z = jnp.array([1.0, 2.0])
    x, log_det = flow.forward(z)
    np.testing.assert_allclose(x - z, np.tanh(0.7) * np.array([0.5, -1.0]), rtol=1e-6)
    assert log_det == 0
    np.testing.assert_allclose(flow.inverse(x)[0], z, rtol=1e-6)

    def total(flow, point, way):
        out, log_det = getattr(flow, way)(point)
        return out.sum() + log_det

    for way in ("forward", "inverse"):
        gradients = eqx.filter_jit(eqx.filter_grad(total))(flow, z, way)
        assert all(bool(jnp.isfinite(leaf).all()) for leaf in jax.tree.leaves(gradients))


@pytest.mark.parametrize("wu", [-1e4, -200.0, 1e4])
def test_far_past_the_bound_nothing_is_lost(wu):
    flow = planar([wu, 0.0], [1.0, 0.0], 0.3)
    for z in ([0.0, 0.0], [-0.3, 1.0], [5.0, 1.0]):
        x, log_det = flow.forward(jnp.array(z))
        back, _ = flow.inverse(x)
        assert bool(jnp.isfinite(x).all() & jnp.isfinite(log_det) & jnp.isfinite(back).all())


def test_inverse_gradients_pass_through_scan_vmap_and_jit(x64):
    flow = planar([0.3, -1.2], [1.0, 2.0], 0.4, jnp.float64)

    @jax.jit
    def total(w, points):
        layer = eqx.tree_at(lambda f: f.w, flow, w)

        def step(carry, _):
            point, _ = layer.inverse(carry)
            return point, None

        def many(point):
            return jax.lax.scan(step, point, None, length=3)[0].sum()

        return jnp.sum(jax.vmap(many)(points))

    points = jnp.asarray(np.random.default_rng(0).normal(size=(5, 2)))
    gradient = jax.grad(total)(flow.w, points)
    for i in range(2):
        h = 1e-6 * jnp.eye(2)[i]
        slope = (total(flow.w + h, points) - total(flow.w - h, points)) / 2e-6
        np.testing.assert_allclose(gradient[i], slope, rtol=1e-6)
