import subprocess
import sys
from pathlib import Path

import pytest

from fluvial.storage.cache import cache_folder

HOME = Path.home()


@pytest.mark.parametrize(
    ("environment", "platform", "folder"),
    [
        ({}, "linux", HOME / ".cache/fluvial"),
        ({}, "darwin", HOME / "Library/Caches/fluvial"),
        ({"LOCALAPPDATA": "L"}, "win32", Path("L/fluvial/Cache")),
        ({"XDG_CACHE_HOME": "X"}, "linux", Path("X/fluvial")),
        ({"XDG_CACHE_HOME": "X", "FLUVIAL_CACHE": "F"}, "darwin", Path("F")),
    ],
)
def test_where_it_is(environment, platform, folder):
    assert cache_folder(environment, platform) == folder


PROGRAM = """
from fluvial.storage.cache import keep_compiled
keep_compiled()
import jax, jax.numpy as jnp
jax.jit(lambda x: jnp.sin(x) + 1.0)(jnp.ones(3))
print(jax.config.jax_compilation_cache_dir)
"""


def compile_something(monkeypatch, folder, variable="FLUVIAL_CACHE"):
    for name in ("JAX_COMPILATION_CACHE_DIR", "FLUVIAL_KEEP_COMPILED"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(variable, str(folder))
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    return done.stdout.strip()


def test_what_is_compiled_is_kept(tmp_path, monkeypatch):
    assert compile_something(monkeypatch, tmp_path) == str(tmp_path / "compiled")
    assert any((tmp_path / "compiled").iterdir())


def test_a_folder_of_the_users_own_is_used(tmp_path, monkeypatch):
    used = compile_something(monkeypatch, tmp_path, "JAX_COMPILATION_CACHE_DIR")
    assert used == str(tmp_path)
    assert any(tmp_path.iterdir())


def test_a_folder_that_cannot_be_made_is_done_without(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    assert compile_something(monkeypatch, tmp_path / "file") == "None"


DURING = """
import jax, jax.numpy as jnp
from fluvial.storage.cache import compiled_kept
with compiled_kept(), compiled_kept():
    jax.jit(lambda x: jnp.sin(x) + 1.0)(jnp.ones(3))
from pathlib import Path
from fluvial.storage.cache import cache_folder
kept = sorted((cache_folder() / "compiled").glob("*"))
jax.jit(lambda x: jnp.sin(x) + 2.0)(jnp.ones(3))
print(len(kept) > 0, kept == sorted((cache_folder() / "compiled").glob("*")))
print(jax.config.jax_compilation_cache_dir)
"""


@pytest.mark.parametrize(("keep", "said"), [("1", "True True\nNone"), ("0", "False True\nNone")])
def test_what_a_fit_compiles_is_kept_and_nothing_else(tmp_path, monkeypatch, keep, said):
    monkeypatch.delenv("JAX_COMPILATION_CACHE_DIR", raising=False)
    monkeypatch.setenv("FLUVIAL_CACHE", str(tmp_path))
    monkeypatch.setenv("FLUVIAL_KEEP_COMPILED", keep)
    command = [sys.executable, "-c", DURING]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == said
