import pytest

from fluvial.reproduction import Budget, ClaimVerdict, StudyResults
from fluvial.reproduction.running import run_study
from fluvial.studies import load_study
from fluvial.studies.kmeans.measuring import ratios, seconds


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    folder = tmp_path_factory.mktemp("results")
    run_study(load_study("kmeans"), Budget.SMOKE, folder)
    return StudyResults(folder / "kmeans")


def test_claims_are_measured(results):
    measured = {claim["name"]: claim["measured"] for claim in results.claims()}
    assert measured["identical-results"] == 1.0
    assert measured["loops-take-n4-operations"] == pytest.approx(4.0, abs=1e-9)
    assert measured["vectorized-takes-n2-operations"] == pytest.approx(2.0, abs=1e-9)
    assert measured["fifty-times-faster"] > 0.0
    assert {claim["judgement"] for claim in results.claims()} == {ClaimVerdict.INCONCLUSIVE}


def test_figures_are_drawn(results):
    for figure in results.figures():
        assert (results.folder / "figures" / figure.file).read_bytes()[1:4] == b"PNG"
        assert figure.alt not in ("", figure.title, figure.caption)


def test_the_product_of_the_four_sizes_is_n4(results):
    values = results.record("seed-0-n-24").values
    sizes = [values[name] for name in ("points", "clusters", "coordinates", "iterations")]
    assert sizes == [8 * 24, 24, 24, 3]
    assert values["operations"]["loops"] == 24**4


def test_times_are_medians_and_compared_size_by_size():
    measured = [
        {"seconds": {"loops": [9.0, 1.0, 2.0], "vectorized": [0.5, 0.5, 7.0]}},
        {"seconds": {"loops": [60.0, 60.0, 60.0], "vectorized": [2.0, 1.0, 3.0]}},
    ]
    assert seconds(measured, "loops") == [2.0, 60.0]
    assert ratios(measured) == [4.0, 30.0]
