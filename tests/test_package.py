import subprocess
import sys

import pytest

import fluvial


def in_fresh_process(program: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


@pytest.mark.parametrize("name", fluvial.__all__)
def test_every_public_name_is_there(name):
    assert getattr(fluvial, name) is not None
    assert name in dir(fluvial)


def test_a_name_that_is_not_there():
    with pytest.raises(AttributeError, match="'fluvial' has no attribute 'fitt'"):
        getattr(fluvial, "fitt")  # noqa: B009


def test_importing_it_imports_nothing_heavy():
    program = "import sys, fluvial; print([m for m in ('jax', 'numpy') if m in sys.modules])"
    assert in_fresh_process(program) == "[]"


def test_a_star_import_brings_the_names_and_no_module_hides_the_function_fit():
    program = (
        "import fluvial; fluvial.load; print(callable(fluvial.fit), callable(fluvial.load));"
        "from fluvial import *; print(fit.__name__, Target.__name__, flows.__name__)"
    )
    assert in_fresh_process(program).split() == ["True", "True", "fit", "Target", "fluvial.flows"]
