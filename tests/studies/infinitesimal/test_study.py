import numpy as np
import pytest

from fluvial.reproduction import Budget, ClaimVerdict, Record, StudyResults
from fluvial.reproduction.running import run_study
from fluvial.studies import load_study
from fluvial.studies.infinitesimal.claims import diffusion_unit
from fluvial.studies.infinitesimal.plan import CONTINUOUS, plan


@pytest.mark.slow
def test_smoke_runs_whole(tmp_path):
    claims = run_study(load_study("infinitesimal"), Budget.SMOKE, tmp_path)
    assert {claim.judgment for claim in claims} == {ClaimVerdict.INCONCLUSIVE}
    results = StudyResults(tmp_path / "infinitesimal")
    assert results.missing() == []
    record = results.record("bound-U2-langevin-2")
    gap, se = np.array(record.values["gap"]), np.array(record.values["gap_se"])
    assert (gap > -4 * se).all()
    assert record.arrays["step_sizes"].shape == (2, 2, 2)
    for figure in results.figures():
        assert (tmp_path / "infinitesimal" / "figures" / figure.file).stat().st_size > 5000


@pytest.fixture
def recorded(tmp_path):
    """A function that fills results of the quick budget with given gaps and divergences."""

    def recorded(gap, divergence, controlled):
        chosen = plan(Budget.QUICK)
        units = [setting.name for setting in chosen.settings()]
        units += [diffusion_unit(energy) for energy in chosen.energies]
        header = {"study": "made-up", "version": 1, "fluvial": "0", "seeds": [0, 1, 2]}
        header |= {"budget": "quick", "units": units}
        noise = np.array([0.0, 1e-4, 2e-4])
        with StudyResults.writing(tmp_path / "made-up", header, resume=False) as results:
            for setting in chosen.settings():
                length = 100 if setting.family == CONTINUOUS else setting.length
                factor = controlled if setting.family == "controlled" else 1.0
                results.write(setting.name, Record({"gap": factor * gap(length) + noise}), 1.0)
            for energy in chosen.energies:
                kl = np.stack([divergence(np.array(chosen.checkpoints)) + n for n in noise])
                results.write(diffusion_unit(energy), Record({"kl": kl}), 1.0)
        return {judged.claim.name: judged for judged in load_study("infinitesimal").judge(results)}

    return recorded


def test_claims_hold_where_gaps_close_and_the_diffusion_arrives(recorded):
    claims = recorded(lambda K: 1 / K, lambda k: np.exp(-k / 100), controlled=0.5)
    assert len(claims) == 5 * 3 * 2 + 5 + 5 + 4 * 2
    assert {judged.judgment for judged in claims.values()} == {ClaimVerdict.REPRODUCED}
    assert claims["funnel-langevin-rises"].measured == pytest.approx(1 / 8 - 1 / 32)
    assert claims["u2-hamiltonian-toward-log-z"].measured == pytest.approx(1 / 16, rel=0.01)


def test_the_full_budget_trains_more_flows_only_where_they_decide_a_claim():
    quick, full = plan(Budget.QUICK), plan(Budget.FULL)
    assert full._replace(seeds=quick.seeds, repeats=quick.repeats) == quick
    counts = {(one.target, one.family): full.seeds_of(one) for one in full.settings()}
    assert counts["U2", "hamiltonian"] == counts["U1", "continuous"] == 20
    assert counts["U1", "langevin"] == counts["U1", "hamiltonian"] == 3
    assert {quick.seeds_of(setting) for setting in quick.settings()} == {3}


def test_claims_fail_where_more_steps_are_worse(recorded):
    claims = recorded(lambda K: 0.1 * K, lambda k: 0.01 * np.sqrt(k), controlled=2.0)
    assert {judged.judgment for judged in claims.values()} == {ClaimVerdict.NOT_REPRODUCED}
