import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fluvial.errors import InputError
from fluvial.flows import (
    Additive,
    Affine,
    Conjugated,
    Coupling,
    Orthogonal,
    Permutation,
    build_flow,
)


def test_affine_coupling_by_hand():
    layer = Coupling(Affine(), 3, key=jax.random.key(0))
    numbers = jnp.array([1.0, 2.0, 0.01, -0.02])
    layer = eqx.tree_at(lambda f: f.conditioner.biases[-1], layer, numbers)
    x, log_det = eqx.filter_jit(layer.forward)(jnp.array([30.0, 10.0, 20.0]))
    expected = [30, 1 + 10 * np.exp(0.01), 2 + 20 * np.exp(-0.02)]
    np.testing.assert_allclose(x, expected, rtol=1e-5)
    np.testing.assert_allclose(log_det, -0.01, rtol=1e-3)


def test_only_the_second_half_in_the_order_moves():
    layer = Coupling(Affine(), 4, key=jax.random.key(0))
    layer = eqx.tree_at(
        lambda f: f.conditioner.weights[-1], layer, jnp.ones_like(layer.conditioner.weights[-1])
    )
    layer = Conjugated(layer, Permutation([3, 1, 0, 2]))
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


def test_one_coordinate_cannot_be_split():
    with pytest.raises(InputError, match=r"at least 2 coordinates.*use \"planar:8\""):
        Coupling(Additive(), 1, key=jax.random.key(0))


def test_mixing_is_not_trained():
    layer = Coupling(Additive(), 4, key=jax.random.key(1))
    mixed = Conjugated(layer, Orthogonal(4, key=jax.random.key(0)))
    assert jax.tree.leaves(eqx.filter(mixed.mixing, eqx.is_inexact_array)) == []
