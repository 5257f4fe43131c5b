import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import fluvial

DATA = np.arange(3.0) / 3


@jax.jit
def squares(x):
    return (DATA - x) ** 2


def of_the_module(x):
    return -jnp.sum(squares(x))


def captured_by_a_compiled_function():
    data = np.arange(3.0) / 3
    inner = jax.jit(lambda x: (data - x) ** 2)
    return lambda x: -jnp.sum(inner(x))


def given_to_a_partial():
    return functools.partial(lambda data, x: -jnp.sum((data - x) ** 2), np.arange(3.0) / 3)


@pytest.mark.parametrize(
    "function", [of_the_module, captured_by_a_compiled_function(), given_to_a_partial()]
)
def test_what_the_user_has_compiled_in_float32_stays_compiled(function, monkeypatch):
    monkeypatch.setattr(jax, "clear_caches", lambda: pytest.fail("the user's caches were cleared"))
    traces, x = [], jnp.ones(3, jnp.float32)
    users = jax.jit(lambda x: traces.append(x) or function(x))
    users(x)
    target = fluvial.Target(function, dim=3)
    np.testing.assert_allclose(target.values(np.ones((1, 3))), -14 / 9, rtol=1e-14)
    np.testing.assert_allclose(users(x), -14 / 9, rtol=1e-6)
    assert len(traces) == 1
    np.testing.assert_allclose(jax.jit(function)(x), -14 / 9, rtol=1e-6)
