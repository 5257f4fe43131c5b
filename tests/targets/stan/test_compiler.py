"""Where Stan's compiler runs."""

import subprocess
import sys

import pytest

from fluvial.targets.stan import compiler
from fluvial.targets.stan.model import StanModel

PROGRAM = "parameters { real x; } model { x ~ normal(0, 1); }"


@pytest.fixture
def not_started(monkeypatch):
    monkeypatch.setattr(compiler, "_started", False)
    monkeypatch.setattr(compiler, "_tiles_permitted", lambda: True)


@pytest.mark.usefixtures("not_started")
def test_another_process_compiles_too(tmp_path):
    (tmp_path / "half.stan").write_text("parameters { real x; }")
    code = '#include "half.stan"\nmodel { x ~ normal(0, 1); }'
    model = StanModel(compiler.stan_to_mir(code, [tmp_path]), "{}")
    assert not compiler._started
    assert model.parameters == ("x",)


@pytest.mark.usefixtures("not_started")
def test_another_process_gives_stans_own_message():
    with pytest.raises(RuntimeError, match="Syntax error"):
        compiler.stan_to_mir("parameters { real x }", None)


def test_a_program_can_be_compiled_after_matrix_products():
    """On a processor with AMX tiles this once ended the process."""
    script = f"""
import jax.numpy as jnp
(jnp.ones((256, 256)) @ jnp.ones((256, 256))).block_until_ready()
from fluvial.targets import from_stan
print(from_stan({PROGRAM!r}).dim, from_stan({PROGRAM!r}).dim)
"""
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert (run.returncode, run.stdout) == (0, "1 1\n"), run.stderr
