import pytest

from fluvial.reproduction import Budget
from fluvial.studies import load_study
from fluvial.studies.cifar10.study import PLANS
from tests.studies.dlgm.records import results_of

CLAIMS = ["longer-is-better", "longer-narrows-the-divergence", "richer-families-beat-planar"]


def judged(folder, budget, nll, gap):
    study = load_study("cifar10")
    results = results_of(study, PLANS[budget], budget, folder, nll, gap=gap, shape=(8, 8, 3))
    claims = {claim.claim.name: claim.judgment.value for claim in study.judge(results)}
    return claims, study.figures(results, folder)


def at_level(setting):
    return {"iaf": -320.0, "sylvester": -320.0}.get(setting.family, -290.0 - setting.layers)


@pytest.mark.parametrize("budget", [Budget.QUICK, Budget.FULL])
def test_longer_and_richer_being_better_reproduces_the_claims(tmp_path, budget):
    claims, figures = judged(tmp_path, budget, at_level, lambda s: 14.0 - 0.1 * s.layers)
    assert claims == dict.fromkeys(CLAIMS, "REPRODUCED")
    assert all((tmp_path / figure.file).is_file() for figure in figures)


@pytest.mark.parametrize(
    ("nll", "gap", "fails"),
    [
        (lambda s: -290.0 + s.layers, lambda s: 14.0 - 2.0 * s.layers, CLAIMS[0]),
        (at_level, lambda s: 14.0 + 0.1 * s.layers, CLAIMS[1]),
        (
            lambda s: -290.0 if s.family == "iaf" else at_level(s),
            lambda s: 14.0 - 0.1 * s.layers,
            CLAIMS[2],
        ),
    ],
)
def test_each_claim_fails_by_itself(tmp_path, nll, gap, fails):
    claims, _ = judged(tmp_path, Budget.FULL, nll, gap)
    assert claims[fails] == "NOT_REPRODUCED"
