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


def test_more_options_are_added_to_those_of_every_program():
    assert xla.options(xla_backend_optimization_level=1) == {
        **xla.options(),
        "xla_backend_optimization_level": 1,
    }


def test_older_releases_are_not_asked_for_what_they_may_not_know(monkeypatch):
    monkeypatch.setattr(xla.version, "__version_info__", (0, 8, 0))
    assert xla.options() == {}
