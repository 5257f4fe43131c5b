import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fluvial.amortized.bfloat16 import product

RELATIVE = 2.0**-7
"""Two factors rounded to 8 significant bits each."""


def normal(seed, *shape):
    return jax.random.normal(jax.random.key(seed), shape)


def summed(h, W, g):
    return jnp.sum(g * jax.vmap(product, in_axes=(0, None))(h, W))


def test_is_the_plain_product_unless_told_otherwise():
    h, W = normal(0, 5), normal(1, 5, 3)
    np.testing.assert_array_equal(product(h, W), h @ W)


def test_rounds_both_factors_and_sums_in_float32():
    h, W = normal(0, 500), normal(1, 500, 3)
    with jax.default_matmul_precision("bfloat16"):
        found = product(h, W)
    h16, W16 = (np.asarray(jnp.asarray(a, jnp.bfloat16), np.float64) for a in (h, W))
    np.testing.assert_allclose(found, h16 @ W16, rtol=1e-4)
    assert found.dtype == jnp.float32
    assert not np.array_equal(found, h @ W)


def test_has_the_gradients_of_the_plain_product():
    h, W, g = normal(0, 40, 5), normal(1, 5, 3), normal(2, 40, 3)
    plain = jax.grad(summed, argnums=(0, 1))(h, W, g)
    with jax.default_matmul_precision("bfloat16"):
        half = jax.grad(summed, argnums=(0, 1))(h, W, g)
    for ours, theirs in zip(half, plain, strict=True):
        assert ours.dtype == jnp.float32
        scale = float(jnp.abs(theirs).max())
        np.testing.assert_allclose(ours, theirs, atol=2 * RELATIVE * scale)


def test_keeps_no_outer_product_of_each_row():
    h, W, g = normal(0, 40, 5), normal(1, 5, 3), normal(2, 40, 3)
    with jax.default_matmul_precision("bfloat16"):
        text = str(jax.make_jaxpr(jax.grad(summed, argnums=1))(h, W, g))
    assert "[5,3]" in text
    assert "[40,5,3]" not in text


@pytest.mark.parametrize("in_axes", [(None, 0), (0, 0)])
def test_takes_many_matrices(in_axes):
    h = normal(0, 4, 5) if in_axes[0] == 0 else normal(0, 5)
    W = normal(1, 4, 5, 3)
    with jax.default_matmul_precision("bfloat16"):
        found = jax.vmap(product, in_axes)(h, W)
    wanted = jax.vmap(jnp.matmul, in_axes)(h, W)
    np.testing.assert_allclose(found, wanted, atol=0.05)


def test_leaves_float64_alone():
    with jax.enable_x64(True), jax.default_matmul_precision("bfloat16"):
        h, W = jnp.ones(3) / 3, jnp.ones((3, 2))
        assert product(h, W).dtype == jnp.float64
        np.testing.assert_allclose(product(h, W), 1.0, rtol=1e-15)


def test_is_compiled_anew_when_the_precision_changes():
    h, W = normal(0, 5), normal(1, 5, 3)
    compiled = eqx.filter_jit(product)
    plain = compiled(h, W)
    with jax.default_matmul_precision("bfloat16"):
        assert not np.array_equal(compiled(h, W), plain)
    np.testing.assert_array_equal(compiled(h, W), plain)
