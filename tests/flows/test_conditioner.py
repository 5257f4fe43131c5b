import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fluvial.errors import InputError
from fluvial.flows.conditioner import Conditioner


@pytest.mark.parametrize("depth", [0, 1, 2, 3])
def test_starts_at_zero_but_can_learn(depth):
    net = Conditioner(3, 2, key=jax.random.key(0), width=5, depth=depth)
    a = jnp.array([1.0, -2.0, 0.5])
    np.testing.assert_array_equal(net(a), 0)
    gradient = eqx.filter_grad(lambda net: net(a).sum())(net)
    for last in (gradient.weights[-1], gradient.biases[-1], gradient.shortcut):
        assert (np.asarray(last) != 0).any()


def test_hidden_layers_have_units_of_order_one():
    net = Conditioner(30, 2, key=jax.random.key(0), width=400, depth=2)
    assert [w.shape for w in net.weights] == [(400, 30), (400, 400), (2, 400)]
    for w, fan_in in zip(net.weights[:-1], (30, 400), strict=True):
        np.testing.assert_allclose(np.std(w) * np.sqrt(fan_in), 1, rtol=0.05)
    np.testing.assert_allclose(np.std(net.biases[0]), 1, rtol=0.15)
    assert not np.array_equal(net.biases[0], net.biases[1])


def test_different_keys_give_different_networks():
    one, other = (Conditioner(2, 2, key=jax.random.key(seed)) for seed in (0, 1))
    assert not np.array_equal(one.weights[0], other.weights[0])


@pytest.mark.parametrize(("width", "depth"), [(0, 2), (8, -1)])
def test_impossible_sizes_are_refused(width, depth):
    with pytest.raises(InputError, match="width >= 1 and depth >= 0"):
        Conditioner(2, 2, key=jax.random.key(0), width=width, depth=depth)
