import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fluvial.errors import InputError
from fluvial.flows import Additive, Affine, Coupling, Orthogonal, Permutation, build_flow


def with_constant_numbers(layer, numbers):
    """The layer, its conditioner giving these numbers whatever the first half."""
    return eqx.tree_at(lambda f: f.conditioner.biases[-1], layer, jnp.asarray(numbers))


def test_affine_coupling_by_hand():
    layer = Coupling(Affine(), Permutation([2, 0, 1]), key=jax.random.key(0))
    layer = with_constant_numbers(layer, [1.0, 2.0, 0.01, -0.02])
    x, log_det = eqx.filter_jit(layer.forward)(jnp.array([10.0, 20.0, 30.0]))
    expected = [1 + 10 * np.exp(0.01), 2 + 20 * np.exp(-0.02), 30]
    np.testing.assert_allclose(x, expected, rtol=1e-5)
    np.testing.assert_allclose(log_det, -0.01, rtol=1e-3)


def test_only_the_second_half_in_the_order_moves():
    layer = Coupling(Affine(), Permutation([3, 1, 0, 2]), key=jax.random.key(0))
    layer = eqx.tree_at(
        lambda f: f.conditioner.weights[-1], layer, jnp.ones_like(layer.conditioner.weights[-1])
    )
    jacobian = jax.jit(jax.jacfwd(lambda z: layer.forward(z)[0]))(jnp.array([0.1, 0.2, 0.3, 0.4]))
    np.testing.assert_array_equal(jacobian[jnp.array([1, 3])], np.eye(4)[[1, 3]])
    assert jacobian[0, 3] != 0
    assert jacobian[0, 2] == 0


def test_nice_preserves_volume():
    flow = build_flow("nice-orth:2,width=4", 3, key=jax.random.key(0))
    flow = jax.tree.map(lambda a: a + 0.3 if eqx.is_inexact_array(a) else a, flow)
    z = jnp.array([1.0, -0.5, 2.0])
    x, log_det = eqx.filter_jit(flow.forward)(z)
    assert log_det == 0
    assert jnp.abs(x - z).max() > 0.1


def test_log_scale_keeps_to_its_bounds():
    tau = Affine(max_shrink=2.0, max_grow=0.1)
    for raw, expected in ((1e6, 0.1), (-1e6, -2.0)):
        _, log_det = tau.forward(jnp.array([1.0]), jnp.array([[0.0], [raw]]))
        np.testing.assert_allclose(log_det, expected, rtol=1e-6)


def test_bounds_must_be_positive():
    with pytest.raises(InputError, match="must be positive"):
        Affine(max_grow=0.0)


@pytest.mark.parametrize("mixing", [Permutation([0]), Orthogonal(1, key=jax.random.key(0))])
def test_one_coordinate_cannot_be_split(mixing):
    with pytest.raises(InputError, match=r"at least 2 coordinates.*use \"planar:8\""):
        Coupling(Additive(), mixing, key=jax.random.key(0))


def test_mixing_is_not_trained():
    layer = Coupling(Additive(), Orthogonal(4, key=jax.random.key(0)), key=jax.random.key(1))
    assert jax.tree.leaves(eqx.filter(layer.mixing, eqx.is_inexact_array)) == []
