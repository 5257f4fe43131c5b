import numpy as np
import pytest

from fluvial.reproduction import Budget, ClaimVerdict, Record, StudyResults
from fluvial.reproduction.running import run_study
from fluvial.studies import load_study
from fluvial.studies.energies.plan import plan


@pytest.mark.slow
def test_smoke_runs_whole(tmp_path):
    claims = run_study(load_study("energies"), Budget.SMOKE, tmp_path)
    assert {claim.judgment for claim in claims} == {ClaimVerdict.INCONCLUSIVE}
    results = StudyResults(tmp_path / "energies")
    assert results.missing() == []
    record = results.record("U1-planar-32")
    assert record.arrays["layers"].shape == (33, 12, 12)
    assert np.isfinite(record.values["kl"]).all()
    for figure in results.figures():
        assert (tmp_path / "energies" / "figures" / figure.file).stat().st_size > 5000


@pytest.fixture
def recorded(tmp_path):
    """A function that fills results of the quick budget with given divergences."""

    def recorded(divergence, right=0.5):
        settings = list(plan(Budget.QUICK).settings())
        header = {"study": "made-up", "version": 1, "fluvial": "0", "seeds": [0, 1, 2]}
        header |= {"budget": "quick", "units": [setting.name for setting in settings]}
        with StudyResults.writing(tmp_path / "made-up", header, resume=False) as results:
            for setting in settings:
                kl = divergence(setting) + np.array([0.0, 1e-4, 2e-4])
                results.write(setting.name, Record({"kl": kl, "right": [right] * 3}), 1.0)
        return {judged.claim.name: judged for judged in load_study("energies").judge(results)}

    return recorded


def test_claims_hold_where_planar_flows_get_ever_closer(recorded):
    claims = recorded(lambda s: 0.01 * 32 / s.length + (s.family != "planar"))
    assert len(claims) == 4 * 5 + 1
    assert {judged.judgment for judged in claims.values()} == {ClaimVerdict.REPRODUCED}
    assert claims["u3-radial-falls"].measured == pytest.approx(0.03)
    assert claims["u1-planar-beats-nice-orth"].claim.published == "by 0.70 nat"


def test_claims_fail_where_longer_is_worse_and_a_mode_is_missed(recorded):
    claims = recorded(lambda s: 0.1 * s.length, right=0.9999)
    assert claims["u1-both-modes"].measured == pytest.approx(1e-4)
    assert {judged.judgment for judged in claims.values()} == {ClaimVerdict.NOT_REPRODUCED}


def test_what_differs_most_between_seeds_is_trained_from_more_of_them():
    chosen = plan(Budget.FULL)
    counts = {setting.name: chosen.seeds_of(setting) for setting in chosen.settings()}
    assert counts["U1-planar-32"] == counts["U2-nice-perm-8"] == 20
    assert counts["U1-planar-32-plain"] == counts["U2-nice-perm-32"] == 5
    assert counts["U4-radial-2"] == counts["U3-nice-orth-8"] == 5


def test_flows_of_fewer_seeds_are_compared_with_as_many(tmp_path):
    settings = list(plan(Budget.FULL).settings())
    header = {"study": "made-up", "version": 1, "fluvial": "0", "seeds": list(range(20))}
    header |= {"budget": "full", "units": [setting.name for setting in settings]}
    with StudyResults.writing(tmp_path / "made-up", header, resume=False) as results:
        for setting in settings:
            kl = np.arange(plan(Budget.FULL).seeds_of(setting)) + 1.0 / setting.length
            results.write(setting.name, Record({"kl": kl, "right": 0.5 + 0 * kl}), 1.0)
    claims = {judged.claim.name: judged for judged in load_study("energies").judge(results)}
    assert claims["u1-planar-beats-nice-orth"].values == (1 / 8 - 1 / 32,) * 5
    assert claims["u1-planar-beats-nice-perm"].seeds == 20
