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
    Record,
    Repetition,
    Rule,
    StudyResults,
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
    with StudyResults.writing(folder, HEADER | changes, resume=resume) as results:
        results.write(unit, record or Record({"x": 1.0}), 0.5)
    return StudyResults(folder)


def test_records_come_back(folder):
    arrays = {"density": np.arange(6, dtype=np.float32).reshape(2, 3)}
    results = write(folder, Record({"kl": [0.1, float("nan")], "name": "U1"}, arrays))
    assert results.header["budget"] == "quick"
    assert results.missing() == ["second"]
    back = results.record("first")
    assert back.values["name"] == "U1"
    np.testing.assert_array_equal(back.values["kl"], [0.1, np.nan])
    np.testing.assert_array_equal(back.arrays["density"], arrays["density"])
    assert back.arrays["density"].dtype == np.float32
    assert results.seconds("first") == 0.5


def test_resumes_where_it_was(folder):
    write(folder)
    results = write(folder, unit="second", resume=True)
    assert results.missing() == []
    assert results.record("first").values == {"x": 1.0}


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
    assert StudyResults(folder).record("first").values == {"x": 1.0}


def test_another_machine_may_go_on(folder):
    write(folder, machine={"cores": 2})
    assert write(folder, resume=True, machine={"cores": 64}).header["machine"] == {"cores": 2}


def test_refuses_a_folder_in_use(folder):
    with (
        StudyResults.writing(folder, HEADER, resume=False),
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
        StudyResults(folder)


def test_a_full_disk_is_told_and_loses_nothing(folder, monkeypatch):
    def full(path, data):
        raise OSError(errno.ENOSPC, "No space left on device")

    with StudyResults.writing(folder, HEADER, resume=False) as results:
        results.write("first", Record({"x": 1.0}), 0.5)
        monkeypatch.setattr(Path, "write_bytes", full)
        with pytest.raises(InputError, match="No space left on device"):
            results.write("second", Record({"x": 2.0}, {"a": np.zeros(3)}), 0.5)
    assert StudyResults(folder).missing() == ["second"]
    assert sorted(path.name for path in (folder / "records").iterdir()) == ["first.json"]


@pytest.mark.parametrize("name", ["first.json", "first.npz"])
def test_damage_is_told(folder, name):
    results = write(folder, Record({"x": 1.0}, {"a": np.zeros(3)}))
    path = folder / "records" / name
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(InputError, match="is not as it was written"):
        results.record("first")


def test_claims_and_what_is_shown_come_back(folder):
    results = write(folder)
    assert (results.claims(), results.figures(), results.curves(), results.layers()) == ([],) * 4
    claim = Claim(
        "a", "It falls.", "Figure 3", "", "fall", Rule(low=0.0), "nat", Repetition.REPEATS
    )
    results.write_claims([claim.judge([1.0, 2.0], Budget.QUICK)])
    figures = [Figure("a.png", "A", "Shows a."), Figure("b.png", "B", "As a.", alt="A line.")]
    curves = [Curve("first", "loss", "loss, nats", "of the test", 300)]
    layers = [Layers("first", "layers", "U1", "true")]
    results.write_shown(figures, curves, layers)
    (found,) = results.claims()
    assert found["judgement"] == "INCONCLUSIVE"
    assert (found["values"], found["each"]) == ([1.0, 2.0], "repeats")
    assert (found["low"], found["high"], found["ordering"]) == (0.0, float("inf"), False)
    assert (results.figures(), results.curves(), results.layers()) == (figures, curves, layers)
    results.write_shown([], [], [])
    assert not (folder / "curves.json").exists()


ARRAYS = {"a": np.arange(3.0)}


@pytest.fixture
def packed(folder):
    """A folder of which one unit of two is done, and packed."""
    write(folder, Record({"x": 1.5}, ARRAYS))
    with StudyResults.writing(folder, HEADER, resume=True) as results:
        results.pack()
    return folder


def check_first(results):
    record = results.record("first")
    assert record.values == {"x": 1.5}
    np.testing.assert_array_equal(record.arrays["a"], ARRAYS["a"])
    assert results.seconds("first") == 0.5


def test_packed_records_come_back_from_one_file(packed):
    assert sorted(path.name for path in packed.iterdir()) == ["records.zip", "study.json"]
    results = StudyResults(packed)
    assert results.missing() == ["second"]
    check_first(results)


def test_a_packed_study_resumes_and_is_packed_again(packed):
    with StudyResults.writing(packed, HEADER, resume=True) as results:
        assert results.missing() == ["second"]
        results.write("second", Record({"x": 2.0}), 0.5)
        check_first(results)
        results.pack()
        check_first(results)
    assert sorted(path.name for path in packed.iterdir()) == ["records.zip", "study.json"]
    assert StudyResults(packed).record("second").values == {"x": 2.0}
    check_first(StudyResults(packed))


def test_packing_what_is_packed_changes_nothing(packed):
    before = {path.name: path.read_bytes() for path in packed.iterdir()}
    with StudyResults.writing(packed, HEADER, resume=True) as results:
        results.pack()
    assert {path.name: path.read_bytes() for path in packed.iterdir()} == before


@pytest.mark.parametrize("dies_in", ["write_content", "Records.remove_loose"])
def test_a_process_that_dies_while_packing_loses_nothing(folder, monkeypatch, dies_in):
    write(folder, Record({"x": 1.5}, ARRAYS))

    def die(*_):
        raise KeyboardInterrupt

    with (
        StudyResults.writing(folder, HEADER, resume=True) as results,
        monkeypatch.context() as patched,
    ):
        patched.setattr(f"fluvial.reproduction.results.{dies_in}", die)
        with pytest.raises(KeyboardInterrupt):
            results.pack()
    check_first(StudyResults(folder))
    with StudyResults.writing(folder, HEADER, resume=True) as results:
        results.pack()
    check_first(StudyResults(folder))
    assert sorted(path.name for path in folder.iterdir()) == ["records.zip", "study.json"]


def test_a_damaged_archive_is_told_and_without_it_the_work_is_to_do(packed):
    path = packed / "records.zip"
    path.write_bytes(path.read_bytes().replace(b"1.5", b"2.5"))
    with pytest.raises(InputError, match=r"records.zip is not as it was written.*delete it"):
        StudyResults(packed).record("first")
    path.unlink()
    assert StudyResults(packed).missing() == ["first", "second"]


def test_an_archive_with_the_right_digest_is_not_believed(packed):
    path = packed / "study.json"
    for data in (b"", b"PK", b"no archive" * 9):
        (packed / "records.zip").write_bytes(data)
        content = HEADER | {"records": sealed.sha256(data)}
        path.write_bytes(sealed.encode("study", 3, content))
        with pytest.raises(InputError, match=r"records.zip is not as it was written"):
            StudyResults(packed).missing()


def test_a_packed_file_leads_nowhere_else(packed, tmp_path):
    (packed / "records.zip").rename(tmp_path / "elsewhere.zip")
    (packed / "records.zip").symlink_to(tmp_path / "elsewhere.zip")
    with pytest.raises(InputError, match="not one of its own"):
        StudyResults(packed).missing()


def test_the_format_before_still_opens(folder):
    """In format 2 a claim had no bounds as numbers, and need not have said what was repeated."""
    results = write(folder, Record({"x": 1.5}, ARRAYS))
    claim = Claim("a", "It falls.", "Figure 3", "", "fall", Rule(low=0.0))
    results.write_claims([claim.judge([1.0, 2.0], Budget.QUICK)])
    for path in folder.rglob("*.json"):
        fields = json.loads(path.read_text())
        for entry in fields["content"] if fields["kind"] == "claims" else []:
            for name in ("low", "high", "ordering", "each"):
                del entry[name]
        path.write_bytes(sealed.encode(fields["kind"], 2, fields["content"]))
    check_first(StudyResults(folder))
    assert StudyResults(folder).claims()[0]["rule"] == "at least 0"
    with pytest.raises(InputError, match="results of the format 2, and this run is of 3"):
        write(folder, resume=True)
