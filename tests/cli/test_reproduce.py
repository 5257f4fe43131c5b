import sys

import pytest

from fluvial.reproduction import Rule
from fluvial.studies import STUDIES

from ..studies.toy import Toy


@pytest.fixture
def reproduce(run, monkeypatch, tmp_path):
    """A function that runs `fluvial reproduce` where there is one study, the toy."""
    studies = dict(STUDIES)

    def reproduce(*arguments, toy=None):
        monkeypatch.setitem(sys.modules, "toy_module", type(sys)("toy_module"))
        sys.modules["toy_module"].STUDY = (toy or Toy()).study
        STUDIES.clear()
        STUDIES["toy"] = "toy_module:STUDY"
        return run("reproduce", "--out", tmp_path / "out", *arguments)

    yield reproduce
    STUDIES.clear()
    STUDIES.update(studies)  # in their order, which the report keeps


def test_without_a_name_runs_all_and_ends_with_the_claims(reproduce, tmp_path):
    code, out, err = reproduce()
    assert code == 0
    assert "We count to three." in out
    assert "REPRODUCED" in out
    assert "2 ± 1 (n = 3)" in out
    assert err.splitlines()[0] == "toy [0/3] seed-0"
    assert (tmp_path / "out" / "toy" / "claims.json").is_file()


def test_a_claim_not_reproduced_is_exit_code_3(reproduce):
    code, out, _ = reproduce("toy", "--quiet", toy=Toy(rule=Rule(low=10.0)))
    assert code == 3
    assert "NOT_REPRODUCED" in out


def test_smoke_judges_nothing(reproduce):
    code, out, err = reproduce("toy", "--budget", "smoke", "--quiet")
    assert (code, err) == (0, "")
    assert "INCONCLUSIVE" in out


def test_an_unknown_study_suggests_the_nearest(reproduce):
    code, out, err = reproduce("toi")
    assert (code, out) == (1, "")
    assert err == 'fluvial: no study is called "toi": did you mean "toy"?\n'


def test_an_unknown_budget_is_wrong_usage(reproduce):
    assert reproduce("toy", "--budget", "quck")[0] == 2


def test_ctrl_c_says_how_to_go_on(reproduce):
    toy = Toy(interrupt_at=1)
    code, _, err = reproduce("toy", toy=toy)
    assert code == 130
    assert "interrupted" in err
    assert "--resume" in err
    toy.interrupt_at = None
    assert reproduce("toy", toy=toy)[0] == 1
    code, out, _ = reproduce("toy", "--resume", toy=toy)
    assert code == 0
    assert toy.runs == [0, 1, 2]
    assert "REPRODUCED" in out


def test_results_of_another_budget_are_refused(reproduce):
    assert reproduce("toy", "--budget", "smoke")[0] == 0
    code, _, err = reproduce("toy", "--quiet", "--resume", "--budget", "full")
    assert code == 1
    assert "the budget smoke, and this run is of full" in err
