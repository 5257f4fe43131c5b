"""Settings that hold for every test: strict dtypes, no silent promotion, quick compilation."""

import gc
import itertools
import os
from pathlib import Path

from jaxlib import version

# Read when the backend starts. Nearly all the time of the tests is spent compiling programs that
# run once. Without its emitters of fused loops XLA takes half of it; from 0.11.1 on it has no way
# without. fit's own functions choose their level for themselves; the hosted workflow sets these
# flags, so that there the emitters, which users have, are tested too.
os.environ.setdefault(
    "XLA_FLAGS",
    "--xla_backend_optimization_level=0"
    + " --xla_cpu_use_fusion_emitters=false" * (version.__version_info__ < (0, 11, 1)),
)
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

from tests.checking import check_again

jax.config.update("jax_numpy_dtype_promotion", "strict")


@pytest.fixture
def x64():
    """Run the test with 64-bit types enabled."""
    with jax.enable_x64(True):
        yield


_modules = itertools.count(1)


@pytest.fixture(autouse=True, scope="module")
def _no_compiled_leftovers():
    """Free what modules compiled, a few at a time: hundreds of programs add up to gigabytes."""
    yield
    if next(_modules) % 6 == 0:
        jax.clear_caches()
    check_again()


def pytest_collection_finish():
    """Spare the collector of garbage what was imported, which stays: a tenth of the time else."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 10, 10)


def pytest_collection_modifyitems(items):
    """Keep a module's tests in one process: they share fixtures, and what they compile."""
    for item in items:
        if item.get_closest_marker("xdist_group") is None:
            item.add_marker(pytest.mark.xdist_group(item.nodeid.split("::")[0]))
