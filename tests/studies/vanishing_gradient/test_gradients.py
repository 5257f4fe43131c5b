import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from fluvial.errors import InputError
from fluvial.studies.vanishing_gradient.network import initialize, logits
from fluvial.studies.vanishing_gradient.training import (
    Digits,
    draw_batches,
    layer_norms,
    norms_at_start,
    train,
)

KEY = jax.random.key(0)


def _digits(count, key=KEY):
    images = jax.random.uniform(key, (count, 64))
    return Digits(images, jnp.arange(count, dtype=jnp.int32) % 10)


def test_a_network_of_two_layers_by_hand():
    p = initialize(2, KEY)
    x = jnp.linspace(0.0, 1.0, 64)
    one = jnp.tanh(x @ p.weight[0] + p.bias[0])
    two = jnp.tanh(one @ p.weight[1] + p.bias[1])
    np.testing.assert_allclose(logits(p, x, "tanh", False), two @ p.last_weight, atol=1e-5)
    one = x + one
    two = one + jnp.tanh(one @ p.weight[1] + p.bias[1])
    np.testing.assert_allclose(logits(p, x, "tanh", True), two @ p.last_weight, atol=1e-5)


def test_inactive_layers_hand_on_what_they_are_given():
    p = initialize(5, KEY)
    short = p._replace(weight=p.weight[:3], bias=p.bias[:3])
    x = jnp.linspace(0.0, 1.0, 64)
    np.testing.assert_array_equal(
        logits(p, x, "relu", True, active=3), logits(short, x, "relu", True)
    )


def test_the_variance_of_the_weights_is_glorots():
    p = initialize(50, KEY)
    assert float(p.weight.var()) == pytest.approx(2 / 128, rel=0.02)
    assert float(p.last_weight.var()) == pytest.approx(2 / 74, rel=0.15)


def test_no_layer_is_told():
    with pytest.raises(InputError, match="0 hidden layers"):
        initialize(0, KEY)


def test_norms_are_right_where_squares_underflow():
    p = initialize(3, KEY)
    scaled = jax.tree.map(lambda x: x * 1e-30, p)
    expected = [float(jnp.linalg.norm(w)) for w in (*p.weight, p.last_weight)]
    np.testing.assert_allclose(layer_norms(p), expected, rtol=1e-5)
    np.testing.assert_allclose(layer_norms(scaled) * 1e30, expected, rtol=1e-5)
    assert layer_norms(jax.tree.map(jnp.zeros_like, p)).tolist() == [0.0] * 4


def test_norms_at_the_start_are_those_of_the_first_step():
    p, digits = initialize(3, KEY), _digits(128)
    batches = jnp.arange(128, dtype=jnp.int32)[None]
    trained = train(p, batches, digits, _digits(10), "sigmoid", True)
    found = norms_at_start(p, jnp.asarray(3), digits, "sigmoid", True)
    np.testing.assert_allclose(trained.norms[0], found, rtol=1e-4)


def test_training_is_adam():
    p, digits = initialize(2, KEY), _digits(50)
    batches = draw_batches(KEY, 3, 50)
    trained = train(p, batches, digits, digits, "tanh", False)
    method = optax.adam(1e-3)
    state = method.init(p)

    def loss(p, rows):
        found = jax.vmap(lambda x: logits(p, x, "tanh", False))(digits.images[rows])
        return optax.softmax_cross_entropy_with_integer_labels(found, digits.labels[rows]).mean()

    @jax.jit
    def step(p, state, rows):
        value, gradient = jax.value_and_grad(loss)(p, rows)
        with jax.numpy_dtype_promotion("standard"):
            updates, state = method.update(gradient, state, p)
        return value, layer_norms(gradient), optax.apply_updates(p, updates), state

    for i, rows in enumerate(batches):
        value, norms, p, state = step(p, state, rows)
        np.testing.assert_allclose(trained.losses[i], value, rtol=1e-4)
        np.testing.assert_allclose(trained.norms[i], norms, rtol=1e-3)


def test_sigmoid_loses_at_least_a_factor_of_three_a_layer_and_skips_keep_it():
    p, digits = initialize(30, KEY), _digits(64)
    plain, skip = (
        norms_at_start(p, jnp.asarray(30), digits, "sigmoid", skip) for skip in (False, True)
    )
    assert float(plain[0] / plain[29]) < 3.0**-29
    assert float(skip[0] / skip[29]) > 1e-2
