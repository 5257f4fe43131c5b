import jax
import pytest

from fluvial.flows import build_flow
from fluvial.reproduction import Budget
from fluvial.studies import load_study
from fluvial.studies.cifar10.study import BEYOND, PLANS
from tests.studies.dlgm.records import results_of


def judged(folder, budget, nll, gap, missed=0.5):
    study = load_study("cifar10")
    results = results_of(
        study, PLANS[budget], budget, folder, nll, gap, shape=(8, 8, 3), missed=missed
    )
    claims = {claim.claim.name: claim.judgment.value for claim in study.judge(results)}
    return claims, study.figures(results, folder)


def gained(setting):
    """How far a posterior is ahead of none: the later families most, full covariance least."""
    return {"triangular": 0.5, "sylvester": 20.0, "iaf": 30.0}.get(setting.family, setting.layers)


@pytest.mark.parametrize("budget", [Budget.QUICK, Budget.FULL])
def test_the_longer_and_the_later_the_better_reproduces_all_claims(tmp_path, budget):
    claims, figures = judged(
        tmp_path,
        budget,
        lambda setting: -290.0 - gained(setting),
        lambda setting: 40 - gained(setting),
    )
    names = {
        "longer-is-better",
        "longer-narrows-the-divergence",
        "the-longest-beats-a-full-covariance",
        "later-families-beat-planar",
        "samples-are-enough",
    }
    if budget is Budget.FULL:  # which trains no full covariance
        names.remove("the-longest-beats-a-full-covariance")
    assert claims == dict.fromkeys(names, "REPRODUCED")
    assert all((tmp_path / figure.file).is_file() for figure in figures)


def test_flows_that_only_narrow_the_divergence_reproduce_that_alone(tmp_path):
    claims, _ = judged(
        tmp_path,
        Budget.FULL,
        lambda setting: -290.0 + 2 * gained(setting),
        lambda setting: 40 - gained(setting),
        missed=2.0,
    )
    narrower = claims.pop("longer-narrows-the-divergence")
    assert narrower == "REPRODUCED"
    assert set(claims.values()) == {"NOT_REPRODUCED"}


@pytest.mark.parametrize("setting", BEYOND, ids=lambda setting: setting.name)
def test_later_families_can_be_built(setting):
    assert build_flow(setting.flow, 4, key=jax.random.key(0)).dim == 4
