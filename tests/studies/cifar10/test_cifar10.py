import pytest

from fluvial.reproduction import Budget
from fluvial.studies import load_study
from fluvial.studies.cifar10.study import PLANS
from tests.studies.latent.records import ledger_of

PUBLISHED = {0: -293.7, 2: -308.6, 5: -317.9, 10: -320.7}


def judged(folder, budget, nll):
    study = load_study("cifar10")
    ledger = ledger_of(study, PLANS[budget], budget, folder, nll, shape=(8, 8, 3))
    claims = {claim.claim.name: claim.judgement.value for claim in study.claims(ledger)}
    return claims, study.figures(ledger, folder)


@pytest.mark.parametrize("budget", [Budget.QUICK, Budget.FULL])
def test_published_results_reproduce_both_claims(tmp_path, budget):
    claims, figures = judged(tmp_path, budget, lambda setting: PUBLISHED[setting.layers])
    assert claims == {"longer-is-better": "REPRODUCED", "size-of-the-gain": "REPRODUCED"}
    assert all((tmp_path / figure.file).is_file() for figure in figures)


def test_flows_that_gain_nothing_reproduce_neither(tmp_path):
    claims, _ = judged(tmp_path, Budget.FULL, lambda setting: -293.7 + setting.layers)
    assert set(claims.values()) == {"NOT_REPRODUCED"}
