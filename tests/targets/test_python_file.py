import gc
import json

import numpy as np
import pytest

from fluvial import InputError
from fluvial.targets.loader import load_target
from fluvial.targets.python_file import target_in_file

NUMPYRO = """
import numpyro
from numpyro.distributions import HalfNormal, Normal

def scale():
    return numpyro.sample("scale", HalfNormal(1.0))

def model(x, y=None):
    slope = numpyro.sample("slope", Normal(0.0, 1.0))
    numpyro.sample("y", Normal(slope * x, scale()), obs=y)

def unrelated(a):
    return a
"""
TWO = "from fluvial import Target\na, b = (Target(lambda x: -x[0]**2, dim=1) for _ in range(2))\n"
BUILDERS = """
import fluvial

def helper():
    return fluvial.Target(lambda x: -x[0] ** 2, dim=1)

def build():
    return helper()

def other():
    return fluvial.Target(lambda x: -x[0] ** 2, dim=1)
"""


@pytest.fixture
def write(tmp_path):
    def write(text):
        path = tmp_path / "model.py"
        path.write_text(text)
        return path

    return write


def message(path, name=None, data=None):
    with pytest.raises(InputError) as error:
        target_in_file(path, name, data)
    return str(error.value)


def test_a_numpyro_model_is_found_and_given_its_data(write, tmp_path):
    pytest.importorskip("numpyro")
    path, data = write(NUMPYRO), tmp_path / "data.json"
    data.write_text(json.dumps({"x": [1.0, 2.0], "y": [1.1, 1.9], "unused": 3}))
    for spec in (path, f"{path}:model"):
        target = load_target(str(spec), data)
        assert target.variables == {"slope": (), "scale": ()}
        assert set(target.annotations.observed) == {"y"}


def test_a_table_is_data_too(write, tmp_path):
    pytest.importorskip("numpyro")
    (tmp_path / "data.csv").write_text("x,y\n1,1.1\n2,1.9\n")
    target = load_target(str(write(NUMPYRO)), tmp_path / "data.csv")
    assert target.annotations.observed["y"].tolist() == pytest.approx([1.1, 1.9])


def test_what_a_numpyro_model_lacks_is_named(write):
    pytest.importorskip("numpyro")
    assert "takes x, which the data lack" in message(write(NUMPYRO))


def test_a_pymc_model_is_found(write):
    pytest.importorskip("pymc")
    path = write("import pymc as pm\nwith pm.Model() as m:\n    pm.Normal('a')\n")
    assert target_in_file(path).variables == {"a": ()}
    path = write("import pymc as pm\ndef m():\n    with pm.Model() as m:\n        pm.Normal('b')\n"
                 "    return m\n")  # fmt: skip
    assert target_in_file(path).variables == {"b": ()}


def test_of_several_models_each_is_named(write):
    path = write(TWO)
    assert message(path) == (f"{path} defines the models a, b: say which one to fit, as {path}:a.")
    assert target_in_file(path, "b").dim == 1


def test_what_another_function_uses_is_a_part_of_it(write):
    path = write(BUILDERS)
    assert "defines the models build, other:" in message(path)
    assert target_in_file(path, "build").dim == 1


def test_a_model_called_target_is_taken(write):
    assert np.isfinite(target_in_file(write(TWO + "target = b\n")).values(np.zeros((1, 1)))).all()


def test_what_a_file_leaves_open_lives_as_long_as_python(write):
    with pytest.raises(InputError, match="failed at line 4"):
        target_in_file(write("class LeftOpen: pass\nheld = LeftOpen()\nheld.me = held\n1 / 0\n"))
    gc.collect()
    assert any(type(one).__name__ == "LeftOpen" for one in gc.get_objects())


def test_a_file_without_a_model(write):
    assert "defines no model that can be found" in message(write("x = 3\n"))


def test_data_that_nothing_takes_are_refused(write):
    path = write(TWO)
    assert message(path, "a", {"x": 1}).startswith(f"a in {path} takes no data")
