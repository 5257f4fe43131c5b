"""Which learning curves and layers are shown: those that are declared, and no others."""

import numpy as np
import pytest

from fluvial.errors import InputError
from fluvial.report.curves import learning_curves
from fluvial.report.layers import layer_pictures
from fluvial.reproduction import Budget, Curve, Layers, Record, StudyResults

ARRAYS = {
    "bound": np.linspace(-2.0, -1.0, 5),
    "loss": np.ones((2, 3), np.float32),
    "counts": np.arange(5),
    "layers": np.ones((3, 4, 4)),
    "oblong": np.ones((3, 4, 5)),
    "density": np.ones((4, 4)),
}


def results_of(folder, curves=(), layers=()):
    header = {
        "study": "a",
        "version": 1,
        "budget": Budget.QUICK.value,
        "seeds": [7, 8],
        "units": ["u", "later"],
    }
    with StudyResults.writing(folder, header, resume=False) as results:
        results.write("u", Record({}, ARRAYS), 1.0)
        results.write_shown([], curves, layers)
        return results


def test_nothing_is_guessed_from_a_name(tmp_path):
    results = results_of(tmp_path / "a")
    assert learning_curves(results) == layer_pictures(results) == []


def test_a_curve_ends_at_the_steps_that_were_taken(tmp_path):
    results = results_of(tmp_path / "a", [Curve("u", "bound", "bound, nats", steps=100)])
    (chart,) = learning_curves(results)
    assert (chart["unit"], chart["quantity"]) == ("u", "bound, nats")
    (line,) = chart["lines"]
    assert line["label"] == "bound, nats"
    assert line["x"] == [20.0, 40.0, 60.0, 80.0, 100.0]
    np.testing.assert_allclose(line["y"], ARRAYS["bound"])


def test_curves_of_a_unit_share_a_chart_with_a_line_a_seed(tmp_path):
    curves = [Curve("u", "bound", "nats", "test"), Curve("u", "loss", "nats", "training")]
    (chart,) = learning_curves(results_of(tmp_path / "a", curves))
    labels = [line["label"] for line in chart["lines"]]
    assert labels == ["test", "training, seed 7", "training, seed 8"]
    assert chart["lines"][1]["x"] == [1.0, 2.0, 3.0]


def test_what_is_not_done_yet_is_not_shown(tmp_path):
    curves, layers = [Curve("later", "bound", "nats")], [Layers("later", "layers", "U1")]
    results = results_of(tmp_path / "a", curves, layers)
    assert learning_curves(results) == layer_pictures(results) == []


@pytest.mark.parametrize("array", ["nothing", "counts", "layers"])
def test_a_curve_that_is_none_is_told(tmp_path, array):
    results = results_of(tmp_path / "a", [Curve("u", array, "nats")])
    with pytest.raises(InputError, match=f"declares a curve '{array}' of u that is not in"):
        learning_curves(results)


def test_layers_are_drawn_with_the_truth_or_without(tmp_path):
    layers = [Layers("u", "layers", "U1", "density"), Layers("u", "layers", "U2")]
    with_truth, without = layer_pictures(results_of(tmp_path / "a", layers=layers))
    assert (with_truth.label, with_truth.frames, with_truth.side) == ("U1", 3, 4)
    assert with_truth.true.startswith("data:image/png")
    assert (without.label, without.true) == ("U2", "")


@pytest.mark.parametrize(
    ("array", "true"), [("nothing", ""), ("oblong", ""), ("density", ""), ("layers", "bound")]
)
def test_densities_that_are_none_are_told(tmp_path, array, true):
    results = results_of(tmp_path / "a", layers=[Layers("u", array, "U1", true)])
    with pytest.raises(InputError, match=f"declares densities '{array}' of u that are not in"):
        layer_pictures(results)
