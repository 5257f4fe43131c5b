import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fluvial.flows import Affine, Autoregressive, Inverted, Permutation, build_flow
from fluvial.flows.made import MaskedConditioner


def with_all_weights_in_use(module):
    return jax.tree.map(lambda a: a + 0.3 if eqx.is_inexact_array(a) else a, module)


@pytest.mark.parametrize("depth", [0, 1, 3])
@pytest.mark.parametrize("dim", [1, 2, 5])
def test_outputs_see_all_earlier_inputs_and_no_other(dim, depth):
    net = MaskedConditioner(dim, 2, key=jax.random.key(0), width=7, depth=depth)
    net = with_all_weights_in_use(net)
    if depth > 0:  # else it is the shortcut that sees
        net = eqx.tree_at(lambda n: n.net.shortcut, net, jnp.zeros_like(net.net.shortcut))
    seen = jnp.abs(jax.jit(jax.jacfwd(net))(jnp.linspace(-1.0, 1.0, dim))) > 0
    expected = np.tril(np.ones((dim, dim), bool), -1)
    for numbers in np.asarray(seen):
        np.testing.assert_array_equal(numbers, expected)


def test_jacobian_is_triangular_in_the_order_given():
    order = [2, 0, 1]
    layer = Autoregressive(Affine(), Permutation(order), key=jax.random.key(0), width=8)
    layer = with_all_weights_in_use(layer)
    jacobian = jax.jit(jax.jacfwd(lambda z: layer.forward(z)[0]))(jnp.array([0.1, -0.2, 0.3]))
    in_order = np.asarray(jacobian)[np.ix_(order, order)]
    np.testing.assert_array_equal(np.triu(in_order, 1), 0)
    assert (in_order[np.tril_indices(3)] != 0).all()


def test_affine_layer_by_hand():
    layer = Autoregressive(Affine(), Permutation([0, 1]), key=jax.random.key(0), width=4)
    biases = jnp.array([1.0, 2.0, 0.01, -0.02])
    layer = eqx.tree_at(lambda f: f.conditioner.net.biases[-1], layer, biases)
    x, log_det = layer.forward(jnp.array([10.0, 20.0]))
    np.testing.assert_allclose(x, [1 + 10 * np.exp(0.01), 2 + 20 * np.exp(-0.02)], rtol=1e-5)
    np.testing.assert_allclose(log_det, -0.01, rtol=1e-3)


def test_maf_is_iaf_backwards():
    maf, iaf = (build_flow(f"{name}:2", 3, key=jax.random.key(0)) for name in ("maf", "iaf"))
    assert isinstance(maf, Inverted)
    assert eqx.tree_equal(maf.flow, iaf)


def test_gradients_pass_through_the_inverse_under_jit_and_vmap(x64):
    layer = Autoregressive(
        Affine(), Permutation([1, 0, 2]), key=jax.random.key(0), width=8, dtype=jnp.float64
    )
    layer = with_all_weights_in_use(layer)
    x = jnp.asarray(np.random.default_rng(0).normal(size=(4, 3)))

    @jax.jit
    def total(x):
        z, log_det = jax.vmap(layer.inverse)(x)
        return jnp.sum(z**2) + jnp.sum(log_det)

    gradient = jax.grad(total)(x)
    direction = jnp.asarray(np.random.default_rng(1).normal(size=(4, 3)))
    slope = (total(x + 1e-6 * direction) - total(x - 1e-6 * direction)) / 2e-6
    np.testing.assert_allclose(jnp.vdot(gradient, direction), slope, rtol=1e-6)
