import numpy as np
import pytest

from fluvial.reproduction import Budget, StudyResults
from fluvial.reproduction.running import run_study
from fluvial.studies import load_study
from fluvial.studies.cnn_pil.measuring import accuracy_gain, time_ratio


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    folder = tmp_path_factory.mktemp("results")
    run_study(load_study("cnn_pil"), Budget.SMOKE, folder)
    return StudyResults(folder / "cnn_pil")


def test_both_ways_start_alike_and_take_as_many_steps(results):
    record = results.record("digits-seed-1")
    losses = [record.arrays[f"loss_{way}"] for way in ("pillow", "arrays")]
    assert losses[0].shape == losses[1].shape == (2,)
    # The pictures of the first batch differ by rounding alone.
    assert losses[0][0] == pytest.approx(losses[1][0], rel=1e-2)
    values = record.values
    assert values["resized"]
    assert 0.0 < values["mean_pixel_difference"] < values["largest_pixel_difference"] < 1 / 255
    assert all(seconds > 0.0 for seconds in values["loading_seconds"].values())
    assert [len(epochs) for epochs in values["training_seconds"].values()] == [1, 1]


def test_claims_and_figures(results):
    seeds = {claim["name"]: claim["seeds"] for claim in results.claims()}
    assert seeds == {
        "accuracy-is-the-same": 2,
        "training-time-is-the-same": 2,
        "mnist-in-three-epochs": 0,
    }
    for figure in results.figures():
        assert (results.folder / "figures" / figure.file).read_bytes()[1:4] == b"PNG"
        assert figure.alt not in ("", figure.title, figure.caption)
    assert "naive null hypothesis" in results.figures()[0].caption


def test_quantities():
    values = {
        "accuracy": {"pillow": 98.0, "arrays": 98.5},
        "training_cpu_seconds": {"pillow": [2.0, 30.0, 2.2], "arrays": [2.0, 2.0, 2.0]},
    }
    assert accuracy_gain(values) == pytest.approx(0.5)
    assert time_ratio(values) == pytest.approx(1.1)


def test_mnist_is_used_at_the_full_budget_where_it_is_at_hand(monkeypatch):
    study = load_study("cnn_pil")
    monkeypatch.delenv("FLUVIAL_DATA", raising=False)
    assert study.units(Budget.FULL)[0].name == "digits-seed-0"
    monkeypatch.setattr("fluvial.studies.cnn_pil.study.mnist_folder", lambda: "somewhere")
    assert study.units(Budget.FULL)[0].name == "mnist-seed-0"
    assert study.units(Budget.QUICK)[0].name == "digits-seed-0"


def test_more_epochs_read_digits(tmp_path):
    from fluvial.datasets.labeled import labeled_digits
    from fluvial.studies.cnn_pil.measuring import measure

    values = measure(labeled_digits(), 8, 5, seed=0).values
    assert min(values["accuracy"].values()) > 90.0
    assert np.abs(accuracy_gain(values)) < 3.0
    assert values["largest_pixel_difference"] == 0.0
