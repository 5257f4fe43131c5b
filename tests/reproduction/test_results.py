import errno
from pathlib import Path

import numpy as np
import pytest

from fluvial.errors import InputError
from fluvial.reproduction import Budget, Claim, Figure, Ledger, Record, Rule

HEADER = {
    "study": "toy",
    "title": "A toy",
    "version": 1,
    "fluvial": "0.1.0",
    "budget": "quick",
    "seeds": [0, 1, 2],
    "units": ["first", "second"],
}


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "results" / "toy"


def write(folder, record=None, unit="first", resume=False, **changes):
    with Ledger.writing(folder, HEADER | changes, resume=resume) as ledger:
        ledger.write(unit, record or Record({"x": 1.0}), 0.5)
    return Ledger(folder)


def test_records_come_back(folder):
    arrays = {"density": np.arange(6, dtype=np.float32).reshape(2, 3)}
    ledger = write(folder, Record({"kl": [0.1, float("nan")], "name": "U1"}, arrays))
    assert ledger.header["budget"] == "quick"
    assert ledger.missing() == ["second"]
    back = ledger.record("first")
    assert back.values["name"] == "U1"
    np.testing.assert_array_equal(back.values["kl"], [0.1, np.nan])
    np.testing.assert_array_equal(back.arrays["density"], arrays["density"])
    assert back.arrays["density"].dtype == np.float32
    assert ledger.seconds("first") == 0.5


def test_resumes_where_it_was(folder):
    write(folder)
    ledger = write(folder, unit="second", resume=True)
    assert ledger.missing() == []
    assert ledger.record("first").values == {"x": 1.0}


def test_does_not_go_on_unasked(folder):
    write(folder)
    with pytest.raises(InputError, match="holds results already: add --resume"):
        write(folder)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"version": 2}, "the version 1, and this run is of 2"),
        ({"fluvial": "0.2.0"}, "the fluvial 0.1.0"),
        ({"budget": "full"}, "the budget quick, and this run is of full"),
        ({"seeds": [7]}, "the seeds"),
        ({"units": ["first"]}, "other units of work"),
    ],
)
def test_refuses_results_of_another_run(folder, changes, words):
    write(folder)
    with pytest.raises(InputError, match=words):
        write(folder, resume=True, **changes)
    assert Ledger(folder).record("first").values == {"x": 1.0}


def test_another_machine_may_go_on(folder):
    write(folder, machine={"cores": 2})
    assert write(folder, resume=True, machine={"cores": 64}).header["machine"] == {"cores": 2}


def test_refuses_a_folder_in_use(folder):
    with (
        Ledger.writing(folder, HEADER, resume=False),
        pytest.raises(InputError, match="in use by another run"),
    ):
        write(folder, resume=True)
    write(folder, resume=True)


def test_refuses_a_folder_of_something_else(folder):
    folder.mkdir(parents=True)
    (folder / "thesis.tex").write_text("do not lose me")
    with pytest.raises(InputError, match="not empty and holds no saved study"):
        write(folder)
    assert [path.name for path in folder.iterdir()] == ["thesis.tex"]


def test_an_empty_or_foreign_folder_has_no_results(folder):
    with pytest.raises(InputError, match="holds no results of a study"):
        Ledger(folder)


def test_a_full_disk_is_told_and_loses_nothing(folder, monkeypatch):
    def full(path, data):
        raise OSError(errno.ENOSPC, "No space left on device")

    with Ledger.writing(folder, HEADER, resume=False) as ledger:
        ledger.write("first", Record({"x": 1.0}), 0.5)
        monkeypatch.setattr(Path, "write_bytes", full)
        with pytest.raises(InputError, match="No space left on device"):
            ledger.write("second", Record({"x": 2.0}, {"a": np.zeros(3)}), 0.5)
    assert Ledger(folder).missing() == ["second"]
    assert sorted(path.name for path in (folder / "records").iterdir()) == ["first.json"]


@pytest.mark.parametrize("name", ["first.json", "first.npz"])
def test_damage_is_told(folder, name):
    ledger = write(folder, Record({"x": 1.0}, {"a": np.zeros(3)}))
    path = folder / "records" / name
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(InputError, match="is not as it was written"):
        ledger.record("first")


def test_claims_and_figures_come_back(folder):
    ledger = write(folder)
    assert (ledger.claims(), ledger.figures()) == ([], [])
    claim = Claim("a", "It falls.", "Figure 3", "", "fall", Rule(low=0.0), "nat", each="parts")
    ledger.write_claims([claim.judge([1.0, 2.0], Budget.QUICK)])
    figures = [Figure("a.png", "A", "Shows a."), Figure("b.png", "B", "As a.", alt="A line.")]
    ledger.write_figures(figures)
    assert ledger.claims()[0]["judgement"] == "INCONCLUSIVE"
    assert ledger.claims()[0]["values"] == [1.0, 2.0]
    assert ledger.claims()[0]["each"] == "parts"
    assert ledger.figures() == figures
