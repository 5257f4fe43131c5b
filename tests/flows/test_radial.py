import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fluvial.flows import Radial


def radial(z0, raw_alpha, beta, dtype=jnp.float64):
    flow = Radial(len(z0), key=jax.random.key(0), dtype=dtype)
    new = (jnp.asarray(z0, dtype), jnp.asarray(raw_alpha, dtype), jnp.asarray(beta, dtype))
    return eqx.tree_at(lambda f: (f.z0, f.raw_alpha, f.beta), flow, new)


@pytest.mark.parametrize("beta", [-3.0, 0.2, 4.0])
def test_map_and_determinant_are_the_papers(beta, x64):
    """Equation 14 and appendix A.2."""
    z0, z = np.array([0.5, -1.0, 0.2]), np.array([1.0, 0.3, -0.4])
    alpha = np.log1p(np.exp(0.7))
    beta_hat = -alpha + np.log1p(np.exp(beta))
    r = np.linalg.norm(z - z0)
    h, slope = 1 / (alpha + r), -1 / (alpha + r) ** 2
    x, log_det = radial(z0, 0.7, beta).forward(jnp.asarray(z))
    np.testing.assert_allclose(x, z + beta_hat * h * (z - z0), rtol=1e-13)
    det = (1 + beta_hat * h) ** 2 * (1 + beta_hat * h + beta_hat * slope * r)
    np.testing.assert_allclose(log_det, np.log(det), rtol=1e-12)


@pytest.mark.parametrize("beta", [-30.0, -3.0, 4.0, 300.0])
@pytest.mark.parametrize("raw_alpha", [-10.0, 0.5, 50.0])
def test_inverse_over_all_radii(raw_alpha, beta, x64):
    """Around the origin, so that adding the center rounds nothing away."""
    flow = radial([0.0, 0.0], raw_alpha, beta)
    directions = np.random.default_rng(0).normal(size=(60, 2))
    z = jnp.asarray(directions * np.geomspace(1e-6, 1e4, 60)[:, None])
    x, log_det = jax.vmap(flow.forward)(z)
    back, back_log_det = jax.vmap(flow.inverse)(x)
    np.testing.assert_allclose(back, z, rtol=1e-12)
    np.testing.assert_allclose(back_log_det, -log_det, atol=1e-12)


def test_center_stays_and_has_finite_gradients():
    flow = radial([0.5, -1.0], 0.7, -1.0, jnp.float32)
    x, log_det = flow.forward(flow.z0)
    np.testing.assert_array_equal(x, flow.z0)
    alpha, kappa = flow.constrained()
    np.testing.assert_allclose(log_det, 2 * jnp.log(kappa / alpha), rtol=1e-6)

    def total(flow_and_point, way):
        flow, point = flow_and_point
        out, log_det = getattr(flow, way)(point)
        return out.sum() + log_det

    for way in ("forward", "inverse"):
        gradients = eqx.filter_jit(eqx.filter_grad(total))((flow, flow.z0), way)
        assert all(bool(jnp.isfinite(leaf).all()) for leaf in jax.tree.leaves(gradients))
