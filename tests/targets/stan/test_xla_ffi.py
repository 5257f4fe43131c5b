import signal
import time

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fluvial.targets.stan import xla_ffi
from fluvial.targets.stan.failures import failures
from fluvial.targets.stan.xla_ffi import call_host, numbered


class Squares:
    """Sum of squares and its gradient, or what it is told to raise."""

    def __init__(self, raises=None):
        self.raises = raises
        self.batches = []

    def method(self, points):
        if self.raises:
            raise self.raises
        self.batches.append(points.shape)
        return (points**2).sum(axis=1), 2 * points


def called(number, x):
    shapes = (jax.ShapeDtypeStruct((), x.dtype), jax.ShapeDtypeStruct(x.shape, x.dtype))
    return call_host(jnp.asarray(number, jnp.uint32), shapes, x)


@pytest.mark.parametrize("dtype", [jnp.float32, jnp.float64])
def test_one_call_for_a_batch_of_batches(dtype, x64):
    squares = Squares()
    number = numbered(squares.method)
    function = jax.jit(jax.vmap(jax.vmap(lambda x: called(number, x))))
    points = jnp.arange(24, dtype=dtype).reshape(4, 3, 2)
    values, gradients = function(points)
    assert values.dtype == gradients.dtype == dtype
    np.testing.assert_array_equal(values, (points**2).sum(axis=2))
    np.testing.assert_array_equal(gradients, 2 * points)
    assert squares.batches == [(12, 2)]


def test_one_program_serves_all_functions():
    first, second = Squares(), Squares()
    program = jax.jit(called)
    program(numbered(first.method), jnp.ones(2))
    program(numbered(second.method), jnp.ones(2))
    assert (len(first.batches), len(second.batches)) == (1, 1)
    assert program._cache_size() == 1


def test_a_function_that_is_gone_gives_nan_and_not_another_ones_result(caplog):
    number = numbered(Squares().method)
    kept = Squares()
    numbered(kept.method)
    assert np.isnan(called(number, jnp.ones(2))[0])
    assert not kept.batches
    assert "KeyError" in caplog.text


def test_what_the_method_raises_is_told_once_and_counted(caplog):
    squares = Squares(ValueError("no such row"))
    number = numbered(squares.method)
    for _ in range(3):
        value, gradient = called(number, jnp.ones(2))
        assert np.isnan(value)
        assert np.isnan(gradient).all()
    assert failures(f"fluvial_host:{number}") == 3
    [record] = caplog.records
    assert "ValueError: no such row" in record.getMessage()


@pytest.fixture
def untried():
    xla_ffi.is_understood.cache_clear()
    yield
    xla_ffi.is_understood.cache_clear()


@pytest.mark.usefixtures("untried")
def test_the_structures_of_this_jaxlib_are_understood_also_inside_a_trace():
    seen = []
    jax.jit(lambda x: seen.append(xla_ffi.is_understood()) or x)(jnp.ones(1))
    assert seen == [True]


@pytest.mark.usefixtures("untried")
@pytest.mark.parametrize("longer", ["_CallFrame", "_Buffers"])
def test_structures_that_do_not_fit_are_not_touched(monkeypatch, longer):
    sizes = xla_ffi.ctypes.sizeof
    monkeypatch.setattr(
        xla_ffi.ctypes, "sizeof", lambda kind: sizes(kind) + 999 * (kind.__name__ == longer)
    )
    assert not xla_ffi.is_understood()


@pytest.fixture
def heard():
    """Ctrl-C as Python hears it: what a shell starts in the background ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("heard")
def test_an_interrupt_is_not_lost():
    squares = Squares(KeyboardInterrupt())  # held: the call may come after it was asked for
    number = numbered(squares.method)

    def wait():
        jax.block_until_ready(called(number, jnp.ones(2)))
        time.sleep(5)

    with pytest.raises(KeyboardInterrupt):
        wait()
