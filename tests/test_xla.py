import jax
import jax.numpy as jnp
import numpy as np
import pytest

import fluvial
from fluvial import xla

A, B = np.ones((30, 2)), np.ones(30)


def log_density(x):
    v, w = jnp.exp(x[0]), x[1:]
    return -0.125 * jnp.sum(w**2) / v - 0.5 * jnp.sum((B - jnp.asarray(A) @ w) ** 2) / v


def exact(x):
    v, w = np.exp(x[:, 0]), x[:, 1:]
    return -0.125 * np.sum(w**2, 1) / v - 0.5 * np.sum((B - w @ A.T) ** 2, 1) / v


@pytest.mark.parametrize("size", [16, 256, 4096])
def test_a_product_and_a_sum_are_what_numpy_says_in_batches_of_every_size(size):
    """What XLA miscompiles from jaxlib 0.10.2 on."""
    x = np.random.default_rng(0).uniform(-1.0, 1.0, (size, 3))
    np.testing.assert_allclose(fluvial.Target(log_density, dim=3).values(x), exact(x), rtol=1e-9)


def half_product(a, b):
    a, b = a.astype(jnp.bfloat16), b.astype(jnp.bfloat16)
    return jnp.matmul(a, b, preferred_element_type=jnp.float32)


@pytest.mark.skipif(not xla.options(), reason="an older jaxlib has no such option")
def test_products_by_themselves_keep_the_kernels_that_bfloat16_is_slow_without():
    a, b = jnp.ones((200, 784)), jnp.ones((784, 400))
    assert "__ynn_fusion" in xla.jit(half_product).lower(a, b).compile().as_text()


def test_more_options_are_added_to_those_of_every_program():
    assert xla.options(xla_backend_optimization_level=1) == {
        **xla.options(),
        "xla_backend_optimization_level": 1,
    }


def test_older_releases_are_not_asked_for_what_they_may_not_know(monkeypatch):
    monkeypatch.setattr(xla.version, "__version_info__", (0, 8, 0))
    assert xla.options() == {}


def product(a, b):
    return a @ b


def lowered(compiled):
    ones = jnp.ones((2, 2), jnp.float32)
    return compiled(product).lower(ones, ones).as_text()


@pytest.mark.parametrize("compiled", [xla.jit, xla.filter_jit])
def test_on_accelerators_products_are_as_exact_as_their_type(compiled, monkeypatch):
    assert "HIGHEST" not in lowered(compiled)
    monkeypatch.setattr(jax, "default_backend", lambda: "gpu")
    assert "[HIGHEST, HIGHEST]" in lowered(compiled)


def test_who_asks_for_half_the_width_gets_it(monkeypatch):
    monkeypatch.setattr(jax, "default_backend", lambda: "gpu")
    with jax.default_matmul_precision("bfloat16"):
        assert "HIGHEST" not in lowered(xla.jit)
