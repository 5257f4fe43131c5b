"""Which arrays of a record are learning curves."""

import numpy as np

from fluvial.report.curves import learning_curves
from fluvial.reproduction import Budget, Ledger, Record


def charts(folder, record):
    header = {
        "study": "a",
        "version": 1,
        "budget": Budget.QUICK.value,
        "seeds": [0],
        "units": ["u"],
    }
    with Ledger.writing(folder, header, resume=False) as ledger:
        ledger.write("u", record, 1.0)
        return learning_curves(ledger)


def test_an_array_that_speaks_of_a_bound_is_one(tmp_path):
    arrays = {"train_bound": np.linspace(-2.0, -1.0, 5), "other": np.ones(5)}
    (chart,) = charts(tmp_path / "a", Record({}, arrays))
    assert [line["label"] for line in chart["lines"]] == ["train bound"]
    np.testing.assert_allclose(chart["lines"][0]["y"], arrays["train_bound"])


def test_marked_curves_leave_no_room_for_others(tmp_path):
    """A bound for each test image is not a curve."""
    arrays = {"bound": np.ones(50), "curve_train_bound": np.linspace(-2.0, -1.0, 5)}
    (chart,) = charts(tmp_path / "a", Record({"steps": 100}, arrays))
    (line,) = chart["lines"]
    assert line["label"] == "train bound"
    assert line["x"] == [20.0, 40.0, 60.0, 80.0, 100.0]
