"""Settings that hold for every test: strict dtypes, no silent promotion, quick compilation."""

import os
from pathlib import Path

# Read when the backend starts. Nearly all the time of the tests is spent compiling programs that
# run once; fit's own functions set this for themselves, and are tested as they are used.
os.environ.setdefault("XLA_FLAGS", "--xla_backend_optimization_level=0")
# What one process of the tests has compiled the others find, and the next run; nothing is left in
# the cache of whoever runs them.
os.environ["FLUVIAL_KEEP_COMPILED"] = "0"
os.environ.setdefault(
    "JAX_COMPILATION_CACHE_DIR", str(Path(__file__).parents[1] / ".pytest_cache" / "compiled")
)
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES", "-1")

import jax
import pytest

jax.config.update("jax_numpy_dtype_promotion", "strict")


@pytest.fixture
def x64():
    """Run the test with 64-bit types enabled."""
    with jax.enable_x64(True):
        yield


@pytest.fixture(autouse=True, scope="module")
def _no_compiled_leftovers():
    """Free what a module compiled: hundreds of programs otherwise add up to gigabytes."""
    yield
    jax.clear_caches()


def pytest_collection_modifyitems(items):
    """Keep a module's tests in one process: they share fixtures, and what they compile."""
    for item in items:
        if item.get_closest_marker("xdist_group") is None:
            item.add_marker(pytest.mark.xdist_group(item.nodeid.split("::")[0]))
