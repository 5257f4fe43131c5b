import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from fluvial.flows import Householder, Orthogonal


def test_matrix_is_orthogonal_and_random():
    flows = [Orthogonal(4, key=jax.random.key(seed)) for seed in (0, 1)]
    matrices = [jax.vmap(flow.forward)(jnp.eye(4))[0] for flow in flows]
    for Q in matrices:
        np.testing.assert_allclose(Q @ Q.T, np.eye(4), atol=1e-6)
    assert np.abs(matrices[0] - matrices[1]).max() > 0.1


def test_float32_matrix_is_orthogonal_to_float64_precision_for_float64_points(x64):
    flow = Orthogonal(6, key=jax.random.key(0), dtype=jnp.float32)
    z = jnp.linspace(-3.0, 3.0, 6, dtype=jnp.float64)
    x, _ = flow.forward(z)
    np.testing.assert_allclose(flow.inverse(x)[0], z, atol=1e-12)


def test_orthogonal_has_nothing_to_train():
    flow = Orthogonal(3, key=jax.random.key(0))
    assert jax.tree.leaves(eqx.filter(flow, eqx.is_inexact_array)) == []


def test_another_matrix_may_be_given():
    turn = np.array([[0.0, -1.0], [1.0, 0.0]])
    flow = Orthogonal(2, key=jax.random.key(0)).of(turn)
    np.testing.assert_allclose(flow.forward(jnp.array([1.0, 2.0]))[0], [-2.0, 1.0], atol=1e-6)


def test_householder_reflects_its_normal_and_keeps_the_plane():
    flow = eqx.tree_at(lambda f: f.v, Householder(3, key=jax.random.key(0)), jnp.array([0.0, 5, 0]))
    x, log_det = flow.forward(jnp.array([1.0, 2.0, 3.0]))
    np.testing.assert_allclose(x, [1, -2, 3], atol=1e-6)
    assert log_det == 0


def test_householder_without_a_normal_is_the_identity_with_finite_gradients():
    flow = eqx.tree_at(lambda f: f.v, Householder(2, key=jax.random.key(0)), jnp.zeros(2))
    z = jnp.array([1.0, 2.0])
    np.testing.assert_array_equal(flow.forward(z)[0], z)
    gradient = eqx.filter_grad(lambda flow: flow.forward(z)[0].sum())(flow)
    assert bool(jnp.isfinite(gradient.v).all())
