import json

import pytest

from fluvial import InputError
from fluvial.replication import compare_runs, declared_metrics
from fluvial.replication.compare.tolerance import Tolerance

from .books import book, recorded, run_of, stream

ACCURACY = {"pattern": r"test accuracy: (\S+)", "higher_is": "better", "tol": 0.005}


def judge(specs, before, *runs):
    """Declare metrics in the first cell's metadata, and compare."""
    notebook = book(("run()", [stream(before)]))
    notebook.cells[0].metadata["fluvial"] = {"metrics": specs}
    record = recorded(notebook)
    made = [run_of([stream(text)]) for text in runs]
    return compare_runs(record, made, Tolerance(), declared_metrics(record))


@pytest.mark.parametrize(
    ("local", "verdict", "notebook"),
    [
        ("0.980", "SAME", "IDENTICAL"),
        ("0.983", "SAME", "WITHIN_TOLERANCE"),
        ("0.976", "SAME", "WITHIN_TOLERANCE"),
        ("0.990", "BETTER", "WITHIN_TOLERANCE"),
        ("0.970", "WORSE", "DIFFERS"),
    ],
)
def test_by_value_and_by_direction(local, verdict, notebook):
    done = judge({"accuracy": ACCURACY}, "test accuracy: 0.980", f"test accuracy: {local}")
    (metric,) = done.metrics
    assert (metric.verdict, done.verdict) == (verdict, notebook)
    assert (metric.recorded, metric.local) == (0.98, float(local))


def test_without_a_direction_another_value_differs():
    spec = {"loss": {"pattern": "loss (.*)", "tol": 0.1}}
    assert judge(spec, "loss 1.0", "loss 1.05").verdict == "WITHIN_TOLERANCE"
    assert judge(spec, "loss 1.0", "loss 0.5").metrics[0].verdict == "DIFFERS"


def test_lower_is_better():
    spec = {"loss": {"pattern": "loss (.*)", "higher_is": "worse"}}
    assert judge(spec, "loss 1.0", "loss 0.5").metrics[0].verdict == "BETTER"


@pytest.mark.parametrize(
    ("local", "verdict"),
    [("loops 3 min\nvectorized 2 s", "SAME"), ("loops 2 s\nvectorized 3 s", "DIFFERS")],
)
def test_one_below_another_whatever_the_machine(local, verdict):
    specs = {
        "vectorized": {"pattern": "vectorized (.*)", "below": "loops"},
        "loops": {"pattern": "loops (.*)", "tol": 1e9},
    }
    done = judge(specs, "loops 80 s\nvectorized 1.5 s", local)
    assert done.metrics[0].verdict == verdict


def test_missing():
    done = judge({"accuracy": ACCURACY}, "test accuracy: 0.98", "oh")
    assert done.metrics[0].verdict == "MISSING"
    assert "local" in done.metrics[0].reason
    assert done.verdict == "DIFFERS"


def test_several_runs_count_by_their_median():
    texts = [f"test accuracy: {value}" for value in (0.981, 0.5, 0.979)]
    (metric,) = judge({"accuracy": ACCURACY}, "test accuracy: 0.980", *texts).metrics
    assert (metric.verdict, metric.local, metric.runs) == ("SAME", 0.979, (0.981, 0.5, 0.979))


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ({}, 'needs a "pattern"'),
        ({"pattern": "("}, "not a regular expression"),
        ({"pattern": "a", "tolerance": 1}, "has tolerance"),
        ({"pattern": "a", "higher_is": "good"}, "better"),
        ({"pattern": "a", "tol": -1}, "at least 0"),
        ({"pattern": "a", "tol": True}, "at least 0"),
        ({"pattern": "a", "cell": 0}, "from 1"),
        ({"pattern": "a", "below": "b"}, "not declared"),
    ],
)
def test_wrong_declarations(tmp_path, spec, words):
    path = tmp_path / "m.json"
    path.write_text(json.dumps({"m": spec}))
    with pytest.raises(InputError, match=words):
        declared_metrics(recorded(book(("a", []))), path)
