from dataclasses import replace

import pytest
from PIL import Image

from fluvial.reproduction import Budget
from fluvial.studies import load_study
from fluvial.studies.dlgm.setting import DIAGONAL
from fluvial.studies.mnist.plans import PLANS, PUBLISHED
from tests.studies.dlgm.records import results_of


def published(setting):
    """A little below what was published; beyond it, as later papers order them."""
    if setting.prior:
        return 80.0
    if setting == DIAGONAL:
        return 89.8
    beyond = {"iaf": 84.2, "sylvester": 83.3}
    return beyond.get(setting.family) or PUBLISHED[setting.family][setting.layers] - 0.05


def judged(folder, budget, nll, plan=None):
    study = load_study("mnist")
    results = results_of(study, plan or PLANS[budget], budget, folder, nll)
    return {claim.claim.name: claim for claim in study.judge(results)}


def test_published_results_reproduce_every_claim(tmp_path):
    claims = judged(tmp_path, Budget.FULL, published)
    assert {claim.judgment.value for claim in claims.values()} == {"REPRODUCED"}
    assert len(claims) == 5 + 5 + 4 + 5
    reason = claims["planar-80-reaches-the-published-value"].reason
    assert "the mean of 3 trainings" in reason
    assert "at most 85.1" in reason


def test_one_training_of_each_judges_nothing_however_many_images_test_it(tmp_path):
    once = replace(PLANS[Budget.FULL], seeds=1)
    claims = judged(tmp_path, Budget.FULL, published, once)
    assert {claim.judgment.value for claim in claims.values()} == {"INCONCLUSIVE"}
    assert {claim.reason for claim in claims.values()} == {
        "the full budget needs 3 trainings, and there is 1."
    }


@pytest.mark.parametrize(
    ("worse", "fails"),
    [
        ("planar-80", "longer-planar-is-better"),
        ("nice-perm-40", "longer-nice-perm-is-better"),
        ("planar-10", "planar-beats-nice"),
        ("nice-perm-10", "every-flow-beats-the-diagonal"),
        ("sylvester-4", "sylvester-beats-iaf-beats-planar"),
        ("planar-40", "planar-beats-nice-of-half-its-length"),
        ("planar-amortize-none-10", "planar-beats-nice-without-amortization"),
        ("planar-rate-0.001-10", "planar-beats-nice-at-a-third-of-the-rate"),
        ("diagonal-prior-realnvp-8", "a-flow-prior-gains"),
        ("diagonal-prior-realnvp-8", "a-flow-prior-beats-a-flow-posterior"),
    ],
)
def test_one_bad_result_fails_its_claim(tmp_path, worse, fails):
    def nll(setting):
        return 95.0 if setting.name == worse else published(setting)

    assert judged(tmp_path, Budget.FULL, nll)[fails].judgment.value == "NOT_REPRODUCED"


def test_the_quick_budget_judges_the_orderings_by_seeds(tmp_path):
    def nll(setting):
        bonus = {"planar": 0.5, "sylvester": 9.0, "iaf": 8.0}.get(setting.family, 0.0)
        bonus += 10.0 if setting.prior else 0.0
        return 30.0 - 0.2 * setting.layers - bonus

    claims = judged(tmp_path, Budget.QUICK, nll)
    assert {claim.judgment.value for claim in claims.values()} == {"REPRODUCED"}
    assert all(claim.seeds == 3 for claim in claims.values())


def test_figures_are_drawn_from_records_alone(tmp_path):
    study = load_study("mnist")
    results = results_of(study, PLANS[Budget.FULL], Budget.FULL, tmp_path, published)
    figures = study.figures(results, tmp_path)
    assert [figure.file for figure in figures] == ["length.png", "learning.png", "pictures.png"]
    for figure in figures:
        with Image.open(tmp_path / figure.file) as picture:
            assert picture.width > 300


def test_units_have_the_names_of_the_papers_table():
    names = [unit.name for unit in load_study("mnist").units(Budget.FULL)]
    assert names[0] == "diagonal-seed-0"
    for family in ("planar", "nice-perm"):
        assert [f"{family}-{K}-seed-0" in names for K in (10, 20, 40, 80)] == [True] * 4


def test_what_a_setting_changes_is_trained_so_and_all_else_as_usual():
    plan = PLANS[Budget.FULL]
    changed = [setting for setting in plan.settings if setting.changes]
    assert [setting.name for setting in changed] == [
        "planar-amortize-none-10",
        "nice-perm-amortize-none-10",
        "planar-rate-0.001-10",
        "nice-perm-rate-0.001-10",
    ]
    assert plan.recipe(changed[0]) == replace(plan.usual, amortize="none")
    assert plan.recipe(changed[2]) == replace(plan.usual, rate=1e-3)
    assert plan.recipe(DIAGONAL) == plan.usual


@pytest.mark.slow
def test_the_smoke_budget_runs(tmp_path, monkeypatch):
    from fluvial.reproduction.running import run_study

    monkeypatch.setenv("FLUVIAL_CACHE", str(tmp_path / "cache"))
    claims = run_study(load_study("mnist"), Budget.SMOKE, tmp_path / "results")
    assert {claim.judgment.value for claim in claims} == {"INCONCLUSIVE"}
    assert not list((tmp_path / "cache" / "training").glob("*/*"))
