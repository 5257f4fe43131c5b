"""What is said where memory runs out."""

from contextlib import nullcontext

import jax
import jax.numpy as jnp
import pytest

import fluvial
from fluvial.errors import InputError
from fluvial.inference.memory import memory_for


def test_a_fit_for_which_memory_is_too_short_says_so_in_a_sentence(tmp_path):
    def log_density(x):
        noise = jax.random.normal(jax.random.key(0), (10**7, 10**7))
        return -0.5 * jnp.sum(x**2) + jnp.sort(jax.lax.stop_gradient(x[0]) + noise)[0, 0]

    target = fluvial.Target(log_density, dim=3)
    with pytest.raises(InputError, match=r"memory ran out while 3 coordinates .* allocat") as found:
        fluvial.fit(target, progress=False, checkpoint=tmp_path / "kept")
    assert "goes on from what is kept in" in str(found.value)
    assert str(found.value).count(". ") == 0


def test_what_a_host_cannot_allocate_is_said_and_other_errors_are_left_as_they_are():
    with pytest.raises(InputError, match=r"10,000 .* checkpoint"), memory_for(10_000, None):
        raise MemoryError
    other = jax.errors.JaxRuntimeError("INTERNAL: a bug")
    with pytest.raises(jax.errors.JaxRuntimeError, match="a bug"), memory_for(3, None):
        raise other


@pytest.mark.parametrize(("limit", "refused"), [(2e9, True), (4e9, False), (-1, False)])
def test_a_limit_on_addresses_that_is_too_low_is_told_before_threads_end_the_process(
    monkeypatch, limit, refused
):
    resource = pytest.importorskip("resource")
    monkeypatch.setattr(resource, "getrlimit", lambda kind: (int(limit), int(limit)))
    said = r"2.0 GB of addresses \(ulimit -v\), and to fit 10,000 coordinates takes 2.7 GB at least"
    expected = pytest.raises(InputError, match=said) if refused else nullcontext()
    with expected, memory_for(10_000, None, 3354):
        pass
