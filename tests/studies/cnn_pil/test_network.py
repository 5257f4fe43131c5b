import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from fluvial.datasets.labeled import labeled_digits
from fluvial.studies.cnn_pil.network import Convolution, Network, pool
from fluvial.studies.cnn_pil.training import BATCH, count_right, one_cycle, start, train_epoch


def test_convolution_is_that_of_xla():
    layer = Convolution(3, 5, jax.random.key(0))
    picture = jax.random.normal(jax.random.key(1), (8, 6, 3))
    kernel = layer.weight.reshape(3, 3, 3, 5)
    expected = jax.lax.conv_general_dilated(
        picture[None], kernel, (1, 1), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC")
    )[0]
    np.testing.assert_allclose(layer(picture), expected + layer.bias, rtol=1e-5, atol=1e-5)


def test_pooling_is_that_of_a_window():
    picture = jax.random.normal(jax.random.key(0), (8, 6, 3))

    def windowed(x):
        return jax.lax.reduce_window(x, -jnp.inf, jax.lax.max, (2, 2, 1), (2, 2, 1), "VALID")

    np.testing.assert_array_equal(pool(picture), windowed(picture))
    gradients = [jax.grad(lambda x, f=f: (f(x) ** 2).sum())(picture) for f in (pool, windowed)]
    np.testing.assert_allclose(*gradients)


def test_network_is_as_described():
    network = Network(28, jax.random.key(0))
    weights = [x.size for x in jax.tree.leaves(network)]
    assert sorted(weights) == sorted(
        [9 * 32, 32, 288 * 64, 64, 64 * 7 * 7 * 128, 128, 128 * 10, 10]
    )
    assert network(jnp.zeros((28, 28))).shape == (10,)


@pytest.fixture(scope="module")
def digits():
    found = labeled_digits()
    return jnp.asarray(found.train, jnp.float32) / 255, jnp.asarray(found.train_labels)


def test_an_epoch_is_adam_on_each_batch_in_turn(digits):
    images, labels = (x[: 2 * BATCH + 5] for x in digits)
    key, rates = jax.random.key(7), np.array([1e-3, 2e-3], np.float32)
    state, losses = train_epoch(start(8, key), images, labels, key, rates)

    network = start(8, key).parameters
    optimizer_state = optax.adam(0.0).init(network)
    order = jax.random.permutation(key, len(images))

    def loss(network, rows):
        logits = jax.vmap(network)(images[rows])
        return optax.softmax_cross_entropy_with_integer_labels(logits, labels[rows]).mean()

    @jax.jit
    def step(network, state, rows, rate):
        value, gradient = jax.value_and_grad(loss)(network, rows)
        with jax.numpy_dtype_promotion("standard"):
            updates, state = optax.adam(rate).update(gradient, state, network)
        return value, optax.apply_updates(network, updates), state

    for i in range(2):
        rows = order[i * BATCH : (i + 1) * BATCH]
        value, network, optimizer_state = step(network, optimizer_state, rows, rates[i])
        assert float(losses[i]) == pytest.approx(float(value), rel=1e-5)
    for one, other in zip(jax.tree.leaves(state.parameters), jax.tree.leaves(network), strict=True):
        np.testing.assert_allclose(one, other, atol=2e-5)


def test_it_learns_and_the_same_key_gives_the_same_bits(digits):
    images, labels = digits
    key, rates = jax.random.key(0), one_cycle(22)[::2]
    first, losses = train_epoch(start(8, key), images, labels, key, rates)
    again, _ = train_epoch(start(8, key), images, labels, key, rates)
    for one, other in zip(jax.tree.leaves(first), jax.tree.leaves(again), strict=True):
        np.testing.assert_array_equal(one, other)
    assert losses.shape == (len(images) // BATCH,)
    assert int(count_right(first.parameters, images, labels)) > 0.5 * len(images)


def test_step_sizes_rise_and_fall_once():
    rates = one_cycle(100)
    peak = int(rates.argmax())
    assert rates[peak] == pytest.approx(3e-3, rel=1e-2)
    assert 28 <= peak <= 31
    assert (np.diff(rates[: peak + 1]) >= 0).all()
    assert (np.diff(rates[peak:]) <= 0).all()
    assert rates[0] < 2e-4
    assert 0 < rates[-1] < 1e-4


def test_what_is_right_is_counted(digits):
    images, _ = (x[:700] for x in digits)  # more than are tested at once
    network = Network(8, jax.random.key(0))
    found = jax.vmap(network)(images).argmax(axis=1)
    wrong = found.at[:70].set((found[:70] + 1) % 10)
    assert int(count_right(network, images, wrong)) == 630
