import pytest

from fluvial.reproduction import Budget
from fluvial.studies import load_study
from fluvial.studies.cifar10.study import PLANS
from tests.studies.dlgm.records import results_of


def judged(folder, budget, nll, gap):
    study = load_study("cifar10")
    results = results_of(study, PLANS[budget], budget, folder, nll, gap, shape=(8, 8, 3))
    claims = {claim.claim.name: claim.judgment.value for claim in study.judge(results)}
    return claims, study.figures(results, folder)


@pytest.mark.parametrize("budget", [Budget.QUICK, Budget.FULL])
def test_the_longer_the_better_reproduces_both_claims(tmp_path, budget):
    claims, figures = judged(
        tmp_path,
        budget,
        lambda setting: -290.0 - setting.layers,
        lambda setting: 20 - setting.layers,
    )
    assert claims == {
        "longer-is-better": "REPRODUCED",
        "longer-narrows-the-divergence": "REPRODUCED",
    }
    assert all((tmp_path / figure.file).is_file() for figure in figures)


def test_flows_that_only_narrow_the_divergence_reproduce_that_alone(tmp_path):
    claims, _ = judged(
        tmp_path,
        Budget.FULL,
        lambda setting: -290.0 + setting.layers,
        lambda setting: 20 - setting.layers,
    )
    assert claims == {
        "longer-is-better": "NOT_REPRODUCED",
        "longer-narrows-the-divergence": "REPRODUCED",
    }
