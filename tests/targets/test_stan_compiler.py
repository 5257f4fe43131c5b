import subprocess
import sys

import pytest

from fluvial.targets.stan_compiler import _elsewhere, to_mir

CODE = "parameters { real x; } model { x ~ normal(0, 1); }"
AFTER_JAX = """
import jax.numpy as jnp
x = jnp.ones((300, 300))
(x @ x).block_until_ready()  # on a CPU with a matrix unit, XLA uses it
import fluvial
print(fluvial.from_stan("parameters { real x; } model { x ~ normal(0, 1); }").dim)
"""


def test_a_process_that_has_computed_can_still_compile():
    done = subprocess.run(
        [sys.executable, "-c", AFTER_JAX], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "1\n"), done.stderr


def test_another_process_compiles_the_same(tmp_path):
    assert _elsewhere(CODE, None) == to_mir(CODE, None)
    (tmp_path / "part.stan").write_text("x ~ normal(0, 1);")
    included = CODE.replace("x ~ normal(0, 1);", '\n#include "part.stan"\n')
    assert _elsewhere(included, tmp_path).startswith("STANLI")


def test_another_process_passes_on_what_stan_says():
    with pytest.raises(RuntimeError, match="line 1, column 8"):
        _elsewhere("model { y ~ normal(0, 1); }", None)
