import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from fluvial import InputError
from fluvial.extras import EXTRAS, advice, require

PYPROJECT = Path(__file__).parent.parent / "pyproject.toml"


@pytest.mark.parametrize("extra", EXTRAS)
def test_each_extra_brings_the_packages_that_are_asked_for(extra):
    declared = tomllib.loads(PYPROJECT.read_text("utf-8"))["project"]["optional-dependencies"]
    packages = {re.match(r"[\w.-]+", requirement)[0] for requirement in declared[extra]}
    only_bounded = {"matplotlib"} if extra == "pymc" else set()  # it brings that itself
    assert packages - only_bounded == set(EXTRAS[extra].values())


IMPORT_EVERYTHING_WITHOUT_EXTRAS = """
import importlib, pkgutil, sys
import fluvial
from fluvial.extras import EXTRAS
sys.modules |= {module: None for modules in EXTRAS.values() for module in modules}
for found in pkgutil.walk_packages(fluvial.__path__, "fluvial."):
    importlib.import_module(found.name)
"""


def test_no_module_needs_an_extra_to_be_imported():
    program = [sys.executable, "-c", IMPORT_EVERYTHING_WITHOUT_EXTRAS]
    done = subprocess.run(program, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_missing_package_is_named_with_its_extra(monkeypatch):
    for module in ("nbclient", "nbformat", "yaml"):
        monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(InputError) as error:
        require("replicate", "replicating a notebook")
    assert str(error.value) == (
        "replicating a notebook needs nbclient, nbformat and pyyaml, which are not installed: run "
        '`pip install nbclient nbformat pyyaml`, or install fluvial with its extra "replicate".'
    )


def test_only_what_is_needed_is_asked_for(monkeypatch):
    monkeypatch.setitem(sys.modules, "pooch", None)
    require("train", "the data set", "sklearn")
    with pytest.raises(InputError, match="needs pooch, which is not installed"):
        require("train", "the data set", "sklearn", "pooch")


def test_nobody_is_sent_to_an_index_for_fluvial_itself():
    for packages in EXTRAS.values():
        for module in packages:
            assert "pip install fluvial" not in advice(module).replace('"', "")
