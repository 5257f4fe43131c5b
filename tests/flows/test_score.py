import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fluvial.flows import build_flow, forward_with_score

SPECS = [
    "planar:3",
    "radial:2",
    "realnvp:3,width=4",
    "spline:2,width=4,bins=4",
    "nice-orth:2,width=4",
    "iaf:2,width=8",
    "sinh-arcsinh+planar:2+triangular",
]


@pytest.fixture(scope="module", autouse=True)
def _float64():
    with jax.enable_x64(True):
        yield


@pytest.mark.parametrize("spec", SPECS)
def test_it_is_the_gradient_of_the_log_density(spec):
    flow = build_flow(spec, 3, key=jax.random.key(0), dtype=jnp.float64)
    flow = _perturbed(flow)
    z = jnp.array([0.3, -1.2, 0.7])

    def log_q(flow, x):
        z, log_det = flow.inverse(x)
        return -0.5 * jnp.sum(z**2) + log_det

    @eqx.filter_jit
    def both(flow):
        (x, log_det, score), plain = forward_with_score(flow, z, -z), flow.forward(z)
        return x, log_det, score, *plain, jax.grad(lambda x: log_q(flow, x))(x)

    x, log_det, score, expected_x, expected_log_det, expected_score = both(flow)
    np.testing.assert_allclose(x, expected_x, rtol=1e-12)
    np.testing.assert_allclose(log_det, expected_log_det, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(score, expected_score, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("spec", SPECS[:3])
def test_no_gradient_flows_through_the_score(spec):
    flow = build_flow(spec, 3, key=jax.random.key(0), dtype=jnp.float64)
    flow = _perturbed(flow)
    z = jnp.array([0.3, -1.2, 0.7])

    @eqx.filter_jit
    @eqx.filter_grad
    def gradient_of(flow):
        return jnp.sum(forward_with_score(flow, z, -z)[2])

    gradient = gradient_of(flow)
    assert all(not jnp.any(leaf) for leaf in jax.tree.leaves(gradient))


def _perturbed(flow):
    rng = np.random.default_rng(1)

    def moved(leaf):
        noise = rng.standard_normal(leaf.shape) if eqx.is_inexact_array(leaf) else 0
        return jnp.asarray(leaf + 0.3 * noise) if eqx.is_inexact_array(leaf) else leaf

    return jax.tree.map(moved, flow)
