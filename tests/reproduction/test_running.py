import pytest

from fluvial.errors import InputError
from fluvial.reproduction import Budget, ClaimVerdict, Curve, Story, StudyResults
from fluvial.reproduction.running import run_study

from ..studies.toy import Toy


def test_runs_judges_and_draws(tmp_path):
    seen = []
    claims = run_study(
        Toy().study,
        Budget.QUICK,
        tmp_path,
        command="fluvial reproduce toy",
        on_unit=lambda *progress: seen.append(progress),
    )
    assert [claim.judgment for claim in claims] == [ClaimVerdict.REPRODUCED]
    assert seen == [(0, 3, "seed-0"), (1, 3, "seed-1"), (2, 3, "seed-2"), (3, 3, "")]
    results = StudyResults(tmp_path / "toy")
    assert results.claims()[0]["measured"] == 2.0
    assert results.figures()[0].file == "count.png"
    assert results.curves() == [Curve("seed-0", "path", "x")]
    assert not (tmp_path / "toy" / "layers.json").exists()
    assert results.story() == Story("We can count.", ["count"], "count.png")
    assert (tmp_path / "toy" / "figures" / "count.png").is_file()
    header = results.header
    assert (header["command"], header["seeds"]) == ("fluvial reproduce toy", [0, 1, 2])
    assert header["machine"]["cores"] >= 1
    assert "jax" in header["packages"]


def test_an_interrupted_study_resumes_where_it_was(tmp_path):
    toy = Toy(interrupt_at=2)
    with pytest.raises(KeyboardInterrupt):
        run_study(toy.study, Budget.QUICK, tmp_path)
    assert StudyResults(tmp_path / "toy").missing() == ["seed-2"]
    toy.interrupt_at = None
    with pytest.raises(InputError, match="--resume"):
        run_study(toy.study, Budget.QUICK, tmp_path)
    run_study(toy.study, Budget.QUICK, tmp_path, resume=True)
    assert toy.runs == [0, 1, 2]


def test_a_finished_study_is_judged_again_without_work(tmp_path):
    toy = Toy()
    run_study(toy.study, Budget.QUICK, tmp_path)
    files = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert not (tmp_path / "toy" / "records").exists()
    assert len(run_study(toy.study, Budget.QUICK, tmp_path, resume=True)) == 1
    assert {path: path.read_bytes() for path in files} == files
    assert toy.runs == [0, 1, 2]


def test_another_version_is_refused(tmp_path):
    toy = Toy()
    run_study(toy.study, Budget.QUICK, tmp_path)
    toy.version = 2
    with pytest.raises(InputError, match="version 1"):
        run_study(toy.study, Budget.QUICK, tmp_path, resume=True)


def test_units_in_processes_of_their_own_give_the_same_results(tmp_path):
    for folder, jobs in (("one", 1), ("two", 2)):
        run_study(Toy().study, Budget.QUICK, tmp_path / folder, jobs=jobs)
    one, two = (StudyResults(tmp_path / folder / "toy") for folder in ("one", "two"))
    assert [two.record(unit).values for unit in two.header["units"]] == [
        {"x": n} for n in (1, 2, 3)
    ]
    assert one.claims() == two.claims()


def test_what_other_processes_finished_is_kept_when_one_is_interrupted(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        run_study(Toy(interrupt_at=0).study, Budget.QUICK, tmp_path, jobs=2)
    assert "seed-0" in StudyResults(tmp_path / "toy").missing()
    run_study(Toy().study, Budget.QUICK, tmp_path, jobs=2, resume=True)
    assert not StudyResults(tmp_path / "toy").missing()


def test_a_process_that_is_killed_is_told(tmp_path):
    with pytest.raises(InputError, match="fewer --jobs"):
        run_study(Toy(killed_at=1).study, Budget.QUICK, tmp_path, jobs=2)
