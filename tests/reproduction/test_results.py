import errno
import json
from pathlib import Path

import numpy as np
import pytest

from fluvial.errors import InputError
from fluvial.reproduction import (
    Budget,
    Claim,
    Curve,
    Figure,
    Layers,
    Ledger,
    Record,
    Repetition,
    Rule,
)
from fluvial.storage import sealed

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


def test_claims_and_what_is_shown_come_back(folder):
    ledger = write(folder)
    assert (ledger.claims(), ledger.figures(), ledger.curves(), ledger.layers()) == ([],) * 4
    claim = Claim(
        "a", "It falls.", "Figure 3", "", "fall", Rule(low=0.0), "nat", Repetition.REPEATS
    )
    ledger.write_claims([claim.judge([1.0, 2.0], Budget.QUICK)])
    figures = [Figure("a.png", "A", "Shows a."), Figure("b.png", "B", "As a.", alt="A line.")]
    curves = [Curve("first", "loss", "loss, nats", "of the test", 300)]
    layers = [Layers("first", "layers", "U1", "true")]
    ledger.write_shown(figures, curves, layers)
    (found,) = ledger.claims()
    assert found["judgement"] == "INCONCLUSIVE"
    assert (found["values"], found["each"]) == ([1.0, 2.0], "repeats")
    assert (found["low"], found["high"], found["ordering"]) == (0.0, float("inf"), False)
    assert (ledger.figures(), ledger.curves(), ledger.layers()) == (figures, curves, layers)
    ledger.write_shown([], [], [])
    assert not (folder / "curves.json").exists()


ARRAYS = {"a": np.arange(3.0)}


@pytest.fixture
def packed(folder):
    """A folder of which one unit of two is done, and packed."""
    write(folder, Record({"x": 1.5}, ARRAYS))
    with Ledger.writing(folder, HEADER, resume=True) as ledger:
        ledger.pack()
    return folder


def check_first(ledger):
    record = ledger.record("first")
    assert record.values == {"x": 1.5}
    np.testing.assert_array_equal(record.arrays["a"], ARRAYS["a"])
    assert ledger.seconds("first") == 0.5


def test_packed_records_come_back_from_one_file(packed):
    assert sorted(path.name for path in packed.iterdir()) == ["records.zip", "study.json"]
    ledger = Ledger(packed)
    assert ledger.missing() == ["second"]
    check_first(ledger)


def test_a_packed_study_resumes_and_is_packed_again(packed):
    with Ledger.writing(packed, HEADER, resume=True) as ledger:
        assert ledger.missing() == ["second"]
        ledger.write("second", Record({"x": 2.0}), 0.5)
        check_first(ledger)
        ledger.pack()
        check_first(ledger)
    assert sorted(path.name for path in packed.iterdir()) == ["records.zip", "study.json"]
    assert Ledger(packed).record("second").values == {"x": 2.0}
    check_first(Ledger(packed))


def test_packing_what_is_packed_changes_nothing(packed):
    before = {path.name: path.read_bytes() for path in packed.iterdir()}
    with Ledger.writing(packed, HEADER, resume=True) as ledger:
        ledger.pack()
    assert {path.name: path.read_bytes() for path in packed.iterdir()} == before


@pytest.mark.parametrize("dies_in", ["write_content", "Records.remove_loose"])
def test_a_process_that_dies_while_packing_loses_nothing(folder, monkeypatch, dies_in):
    write(folder, Record({"x": 1.5}, ARRAYS))

    def die(*_):
        raise KeyboardInterrupt

    with Ledger.writing(folder, HEADER, resume=True) as ledger, monkeypatch.context() as patched:
        patched.setattr(f"fluvial.reproduction.results.{dies_in}", die)
        with pytest.raises(KeyboardInterrupt):
            ledger.pack()
    check_first(Ledger(folder))
    with Ledger.writing(folder, HEADER, resume=True) as ledger:
        ledger.pack()
    check_first(Ledger(folder))
    assert sorted(path.name for path in folder.iterdir()) == ["records.zip", "study.json"]


def test_a_damaged_archive_is_told_and_without_it_the_work_is_to_do(packed):
    path = packed / "records.zip"
    path.write_bytes(path.read_bytes().replace(b"1.5", b"2.5"))
    with pytest.raises(InputError, match=r"records.zip is not as it was written.*delete it"):
        Ledger(packed).record("first")
    path.unlink()
    assert Ledger(packed).missing() == ["first", "second"]


def test_an_archive_with_the_right_digest_is_not_believed(packed):
    path = packed / "study.json"
    for data in (b"", b"PK", b"no archive" * 9):
        (packed / "records.zip").write_bytes(data)
        content = HEADER | {"records": sealed.sha256(data)}
        path.write_bytes(sealed.encode("study", 3, content))
        with pytest.raises(InputError, match=r"records.zip is not as it was written"):
            Ledger(packed).missing()


def test_a_packed_file_leads_nowhere_else(packed, tmp_path):
    (packed / "records.zip").rename(tmp_path / "elsewhere.zip")
    (packed / "records.zip").symlink_to(tmp_path / "elsewhere.zip")
    with pytest.raises(InputError, match="not one of its own"):
        Ledger(packed).missing()


def test_the_format_before_still_opens(folder):
    """In format 2 a claim had no bounds as numbers, and need not have said what was repeated."""
    ledger = write(folder, Record({"x": 1.5}, ARRAYS))
    claim = Claim("a", "It falls.", "Figure 3", "", "fall", Rule(low=0.0))
    ledger.write_claims([claim.judge([1.0, 2.0], Budget.QUICK)])
    for path in folder.rglob("*.json"):
        fields = json.loads(path.read_text())
        for entry in fields["content"] if fields["kind"] == "claims" else []:
            for name in ("low", "high", "ordering", "each"):
                del entry[name]
        path.write_bytes(sealed.encode(fields["kind"], 2, fields["content"]))
    check_first(Ledger(folder))
    assert Ledger(folder).claims()[0]["rule"] == "at least 0"
    with pytest.raises(InputError, match="results of the format 2, and this run is of 3"):
        write(folder, resume=True)
