import numpy as np
import pytest

from fluvial.reproduction import Budget, Record, StudyResults
from fluvial.studies import load_study
from fluvial.studies.cifar10_pixels.claims import unit_name
from fluvial.studies.cifar10_pixels.plan import GRID, PLANS, USUAL
from fluvial.studies.cifar10_pixels.study import _bits, _run


def judged(folder, nll, missed=0.1):
    study, plan = load_study("cifar10_pixels"), PLANS[Budget.FULL]
    header = {"study": study.name, "version": 1, "fluvial": "0", "budget": "full"}
    header |= {"seeds": [0, 1, 2], "units": [unit.name for unit in study.units(Budget.FULL)]}
    with StudyResults.writing(folder / study.name, header, resume=False) as results:
        for preparation, layers, seed in plan.runs():
            found = nll(preparation, layers) + 0.01 * seed
            values = {"nll": found, "free_energy": found + 5.0}
            values |= {"nll_few_samples": found + missed, "nll_more_samples": found}
            results.write(unit_name(preparation, layers, seed), Record(values), 1.0)
    claims = {claim.claim.name: claim.judgment.value for claim in study.judge(results)}
    return claims, study.figures(results, folder)


def test_preparations_that_are_far_apart_outweigh_flows_that_gain_a_little(tmp_path):
    claims, (figure,) = judged(
        tmp_path, lambda one, layers: -300.0 + 40.0 * GRID.index(one) - 0.2 * layers
    )
    assert set(claims.values()) == {"REPRODUCED"}
    assert len(claims) == len(GRID) + 2
    assert (tmp_path / figure.file).stat().st_size > 5_000


def test_flows_that_lose_and_samples_that_are_too_few_are_told(tmp_path):
    claims, _ = judged(tmp_path, lambda one, layers: -300.0 + layers, missed=3.0)
    assert set(claims.values()) == {"NOT_REPRODUCED"}


@pytest.mark.parametrize("preparation", GRID, ids=lambda one: one.name)
def test_names_and_words_tell_preparations_apart(preparation):
    others = [one for one in GRID if one != preparation]
    assert preparation.name not in {one.name for one in others}
    assert preparation.told not in {one.told for one in others}
    assert len(GRID) == 12


def test_bits_are_eight_where_all_levels_are_as_likely():
    assert _bits(0.0, 192) == pytest.approx(8.0)
    assert _bits(-192 * np.log(2.0), 192) == pytest.approx(7.0)


@pytest.mark.slow
def test_a_unit_measures_what_claims_and_the_figure_need():
    plan = PLANS[Budget.SMOKE]
    for preparation in plan.preparations:
        values = _run(plan, preparation, 2, 0).values
        assert np.isfinite(
            [values[name] for name in ("nll", "free_energy", "nll_more_samples")]
        ).all()
        assert (values["bits_per_dimension"] is None) == (preparation == USUAL)
