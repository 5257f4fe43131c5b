import sys
from pathlib import Path

import numpy as np
import pytest

from fluvial.errors import InputError
from fluvial.targets.loader import load_target

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture
def write(tmp_path):
    def write(text):
        path = tmp_path / "model.py"
        path.write_text(text)
        return path

    return write


def message(spec, data=None):
    with pytest.raises(InputError) as error:
        load_target(str(spec), data)
    assert "\n" not in str(error.value)
    return str(error.value)


def test_a_stan_file():
    target = load_target(str(EXAMPLES / "eight_schools.stan"), str(EXAMPLES / "eight_schools.json"))
    assert target.variables == {
        "mu": (),
        "tau": (),
        "theta_tilde": (8,),
        "theta": (8,),
        "log_lik": (8,),
        "y_rep": (8,),
    }
    assert target.source["kind"] == "stan"


def test_an_example():
    assert load_target("banana").dim == 2


@pytest.mark.parametrize(
    ("file", "variables"),
    [
        ("banana.py", {"x": (), "y": ()}),
        ("regression_numpyro.py", {"intercept": (), "slope": (), "scale": ()}),
        ("bioassay_pymc.py", {"intercept": (), "slope": (), "ld50": ()}),
    ],
)
def test_the_example_files(file, variables):
    for extra in ("numpyro", "pymc"):
        if extra in file:
            pytest.importorskip(extra)
    target = load_target(str(EXAMPLES / file))  # the name can be left out
    assert target.variables == variables
    assert np.all(np.isfinite(target.value_and_grad(np.zeros((1, target.dim)))[1]))


def test_a_target_and_a_function_that_returns_one(write):
    path = write(
        "from fluvial.targets import Target\n"
        "target = Target(lambda x: -x[0]**2, dim=1)\n"
        "def build():\n    return target\n"
    )
    assert load_target(f"{path}:target").dim == 1
    assert load_target(f"{path}:build").dim == 1


def test_missing_files(tmp_path):
    assert message(tmp_path / "no.stan").startswith("there is no Stan program")
    assert message(f"{tmp_path / 'no.py'}:x") == (
        f"there is no file {tmp_path / 'no.py'}: check the path."
    )


def test_names_that_lead_nowhere(write):
    path = write("def target():\n    return 3\nvalue = 3\n")
    assert message(f"{path}:targe") == (f"{path} defines no name 'targe': did you mean 'target'?")
    assert message(f"{path}:value").startswith(f"value in {path} is of type int: make it")
    assert message(f"{path}:target").startswith(f"target() in {path} is of type int: make it")


def test_a_file_without_any_name(write):
    path = write("")
    assert message(f"{path}:target") == f"{path} defines no name 'target'."


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("x = 1\ny = 1 / 0\n", "at line 2: ZeroDivisionError: division by zero"),
        ("x = 1\n\ny = (\n", "at line 3: SyntaxError: '(' was never closed"),
        ("import nothing_of_this_name\n", "at line 1: ModuleNotFoundError: No module"),
    ],
)
def test_a_file_that_fails(write, text, reason):
    path = write(text)
    assert message(f"{path}:target").startswith(f"{path} failed {reason}")


def test_a_file_that_imports_what_an_extra_brings(write, monkeypatch):
    monkeypatch.setitem(sys.modules, "pymc", None)
    path = write("import pymc as pm\n")
    assert message(f"{path}:target").endswith('or install fluvial with its extra "pymc".')


def test_a_function_that_fails(write):
    path = write("def target():\n    raise ValueError('no')\ndef other(x):\n    return x\n")
    assert message(f"{path}:target") == f"target() in {path} failed at line 2: ValueError: no"
    assert message(f"{path}:other").startswith(f"other() in {path} failed: TypeError: other() miss")


def test_neither_file_nor_example():
    assert message("funel").startswith("there is no example 'funel', did you mean 'funnel'?")
    assert message("model.json").startswith("model.json is not a model: give a file.stan,")


def test_a_folder(tmp_path):
    nothing = f"{tmp_path} is a folder: give a file.stan or a file.py:name."
    assert message(str(tmp_path)) == nothing
    program = tmp_path / "schools.stan"
    program.touch()
    assert message(str(tmp_path)).endswith(f"give a model that is in it, such as {program}.")


def test_data_without_a_stan_program():
    refused = "takes no data: only a Stan program or a NumPyro model does."
    assert message("funnel", "data.json") == f"funnel {refused}"
