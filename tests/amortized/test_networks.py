import itertools

import jax
import jax.numpy as jnp
import jax.test_util
import numpy as np
import pytest

from fluvial.amortized import MLP
from fluvial.amortized.networks import ACTIVATIONS
from fluvial.errors import InputError


def test_a_maxout_unit_is_the_largest_of_its_maps():
    net = MLP(3, None, key=jax.random.key(0), width=5, depth=1, window=4)
    x = np.array([0.3, -1.0, 2.0], np.float32)
    maps = x @ np.asarray(net.layers[0].W) + np.asarray(net.layers[0].b)
    expected = [max(maps[i + 5 * j] for j in range(4)) for i in range(5)]
    np.testing.assert_allclose(net(jnp.asarray(x)), expected, rtol=1e-6)


def test_gradients_are_those_of_finite_differences(x64):
    net = MLP(3, 2, key=jax.random.key(1), width=4, dtype=jnp.float64)
    x = jnp.array([0.3, -1.0, 2.0])
    jax.test_util.check_grads(lambda x: net(jnp.asarray(x)), (x,), order=1, modes=["rev"], eps=1e-6)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_layers_keep_the_size_of_what_they_are_given(activation):
    net = MLP(50, 40, key=jax.random.key(0), width=200, depth=3, activation=activation)
    y = jax.vmap(net)(jax.random.normal(jax.random.key(1), (100, 50)))
    assert y.shape == (100, 40)
    assert 0.1 < float(jnp.std(y)) < 3.0


def test_widths_can_differ():
    net = MLP(3, 2, key=jax.random.key(0), width=(8, 5), activation="tanh")
    shapes = [layer.W.shape for layer in (*net.layers, net.last)]
    assert shapes == [*itertools.pairwise([3, 8, 5, 2])]


def test_without_outputs_it_ends_with_the_last_hidden_layer():
    net = MLP(3, None, key=jax.random.key(0), width=8)
    assert net.last is None
    assert net(jnp.ones(3)).shape == (8,)


@pytest.mark.parametrize("wrong", [{"width": 0}, {"depth": 0}, {"window": 0}])
def test_a_network_without_units_is_refused(wrong):
    with pytest.raises(InputError, match="at least"):
        MLP(3, 2, key=jax.random.key(0), **wrong)


def test_an_unknown_activation_is_refused():
    with pytest.raises(InputError, match='no activation is called "sine"'):
        MLP(3, 2, key=jax.random.key(0), activation="sine")
