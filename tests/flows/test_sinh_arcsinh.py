import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fluvial.flows import SinhArcsinh


def with_parameters(skew, log_exponent, dtype=jnp.float32):
    flow = SinhArcsinh(1, dtype=dtype)
    new = (jnp.array([skew], dtype), jnp.array([log_exponent], dtype))
    return eqx.tree_at(lambda f: (f.raw_skew, f.raw_log_exponent), flow, new)


def test_against_the_formula(x64):
    flow = with_parameters(0.3, -0.4, jnp.float64)
    skew, log_exponent = 3 * np.tanh(0.3 / 3), -np.log(3) * np.tanh(0.4 / np.log(3))
    for z in (-20.0, -0.7, 0.0, 2.0, 50.0):
        x, log_det = flow.forward(jnp.array([z]))
        y = np.exp(log_exponent) * (np.arcsinh(z) + skew)
        np.testing.assert_allclose(x[0], np.sinh(y), rtol=1e-13)
        slope = np.exp(log_exponent) * np.cosh(y) / np.sqrt(1 + z**2)
        np.testing.assert_allclose(log_det, np.log(slope), rtol=1e-12)


@pytest.mark.parametrize("log_exponent", [-0.5, 0.5])
def test_tails_grow_as_a_power(log_exponent, x64):
    flow = with_parameters(0.0, log_exponent, jnp.float64)
    far = [flow.forward(jnp.array([z]))[0][0] for z in (1e6, 1e7)]
    exponent = 3 ** np.tanh(log_exponent / np.log(3))
    np.testing.assert_allclose(np.log10(far[1] / far[0]), exponent, rtol=1e-6)


def test_skew_moves_mass_to_one_side():
    x, _ = with_parameters(0.5, 0.0).forward(jnp.zeros(1))
    assert x[0] > 0.4


def test_curvature_at_the_center_is_right(x64):
    flow = with_parameters(0.0, 0.5, jnp.float64)
    curvature = jax.hessian(lambda z: flow.forward(z)[1])(jnp.zeros(1))[0, 0]
    delta = 3 ** np.tanh(0.5 / np.log(3))
    np.testing.assert_allclose(curvature, delta**2 - 1, rtol=1e-10)
