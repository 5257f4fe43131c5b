import numpy as np
import pytest

from fluvial.reproduction import Budget, Record, StudyResults
from fluvial.reproduction.running import run_study
from fluvial.studies import load_study
from fluvial.studies.vanishing_gradient.measuring import KINDS, kind_name, measure_training

RNG = np.random.default_rng(0)


def _trained():
    arrays = {
        "losses": RNG.uniform(0.5, 2.0, (2, 20)).astype(np.float32),
        "steps": np.arange(20),
        "norms": 10.0 ** RNG.uniform(-30, 2, (2, 20, 6)),
    }
    return Record({"accuracy": [0.5, 0.75]}, arrays)


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """Records of the smoke budget's shapes, whose contents are made up."""
    study, folder = load_study("vanishing_gradient"), tmp_path_factory.mktemp("results")
    units = [unit.name for unit in study.units(Budget.SMOKE)]
    header = {"study": study.name, "version": 1, "fluvial": "0", "budget": "smoke"}
    header |= {"seeds": [0, 1], "units": units}
    starts = {kind_name(kind): 10.0 ** RNG.uniform(-30, 2, (2, 2, 2)) for kind in KINDS}
    with StudyResults.writing(folder / study.name, header, resume=False) as results:
        for unit in units:
            record = Record({"depths": [2, 5]}, starts) if unit == "start" else _trained()
            results.write(unit, record, 0.0)
    return results


def test_claims_are_measured_from_the_records(results):
    claims = {c.claim.name: c.values for c in load_study("vanishing_gradient").judge(results)}
    start = results.record("start").arrays["sigmoid-plain"]
    expected = np.log10(start[:, 1, 0] / start[:, 1, 1])  # seeds, depths, ends
    np.testing.assert_allclose(claims["first-gradient-vanishes"], expected)
    losses = results.record("sigmoid-plain").arrays["losses"]
    np.testing.assert_allclose(
        claims["loss-is-flat"], losses[:, -2:].mean(axis=1) / np.log(10), rtol=1e-6
    )
    assert claims["with-skips-it-trains"] == (50.0, 75.0)


def test_figures_are_drawn(results, tmp_path):
    figures = load_study("vanishing_gradient").figures(results, tmp_path)
    assert len(figures) == 3
    for figure in figures:
        assert (tmp_path / figure.file).read_bytes()[1:4] == b"PNG"


@pytest.mark.slow
def test_the_smoke_budget_runs(tmp_path):
    run_study(load_study("vanishing_gradient"), Budget.SMOKE, tmp_path)
    results = StudyResults(tmp_path / "vanishing_gradient")
    assert results.missing() == []
    assert results.record("start").arrays["tanh-skip"].shape == (2, 2, 2)


def test_the_same_seeds_give_the_same_bits_in_company_or_alone():
    both = measure_training(("tanh", True), 3, 30, [0, 1])
    again = measure_training(("tanh", True), 3, 30, [0, 1])
    alone = measure_training(("tanh", True), 3, 30, [1])
    np.testing.assert_array_equal(both.arrays["losses"], again.arrays["losses"])
    np.testing.assert_allclose(both.arrays["losses"][1], alone.arrays["losses"][0], rtol=1e-3)
    assert both.values["steps_not_finite"].tolist() == [0, 0]
    assert both.arrays["losses"][:, -1].mean() < both.arrays["losses"][:, 0].mean()
