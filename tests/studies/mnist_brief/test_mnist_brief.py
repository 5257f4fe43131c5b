import pytest
from PIL import Image

from fluvial.reproduction import Budget
from fluvial.studies import load_study
from fluvial.studies.mnist_brief.study import PLANS, PRIOR
from tests.studies.dlgm.records import results_of

FLOWS = "every-flow-beats-the-diagonal"
LONGER = "longer-planar-is-better"
NICE = "planar-beats-nice"


def published(setting):
    """As published, but for the level: a prior gains most, and longer flows gain more."""
    if setting == PRIOR:
        return 87.0
    start = {"diagonal": 92.0, "planar": 91.0, "nice-perm": 91.8}[setting.family]
    return start - 0.05 * setting.layers


def judged(folder, budget, nll):
    study = load_study("mnist_brief")
    results = results_of(study, PLANS[budget], budget, folder, nll)
    return {claim.claim.name: claim for claim in study.judge(results)}


@pytest.mark.parametrize("budget", [Budget.QUICK, Budget.FULL])
def test_published_results_reproduce_every_claim(tmp_path, budget):
    claims = judged(tmp_path, budget, published)
    assert {claim.judgment.value for claim in claims.values()} == {"REPRODUCED"}
    assert {claim.seeds for claim in claims.values()} == {3}


@pytest.mark.parametrize(
    ("worse", "fails"),
    [
        ("planar-40", {LONGER, FLOWS}),
        ("nice-perm-10", {FLOWS}),
        ("planar-10", {LONGER, NICE, FLOWS}),
        ("planar-20", {LONGER, "planar-beats-nice-of-half-its-length", FLOWS}),
        (PRIOR.name, {"a-flow-prior-gains", "a-flow-prior-beats-a-flow-posterior"}),
    ],
)
def test_one_bad_result_fails_its_claims(tmp_path, worse, fails):
    claims = judged(tmp_path, Budget.FULL, lambda s: 99.0 if s.name == worse else published(s))
    found = {name for name, claim in claims.items() if claim.judgment == "NOT_REPRODUCED"}
    assert found == fails


def test_a_prior_has_a_unit_and_a_line_of_its_own(tmp_path):
    study = load_study("mnist_brief")
    names = [unit.name for unit in study.units(Budget.FULL)]
    assert len(set(names)) == 18
    assert "diagonal-prior-realnvp-8-seed-0" in names
    results = results_of(study, PLANS[Budget.FULL], Budget.FULL, tmp_path, published)
    for figure in study.figures(results, tmp_path):
        with Image.open(tmp_path / figure.file) as picture:
            assert picture.width > 300
