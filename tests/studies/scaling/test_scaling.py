import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fluvial.reproduction import Budget, ClaimVerdict, Record, StudyResults
from fluvial.reproduction.running import run_study
from fluvial.studies import load_study
from fluvial.studies.scaling import steps
from fluvial.studies.scaling.floor import floor_seconds
from fluvial.studies.scaling.plan import plan


@pytest.mark.slow
def test_smoke_runs_whole(tmp_path):
    claims = run_study(load_study("scaling"), Budget.SMOKE, tmp_path)
    assert {claim.judgment for claim in claims} == {ClaimVerdict.INCONCLUSIVE}
    results = StudyResults(tmp_path / "scaling")
    assert np.shape(results.record("planar-by-K").values["seconds"]) == (2, 2)
    for figure in results.figures():
        assert (tmp_path / "scaling" / "figures" / figure.file).stat().st_size > 5000


def test_a_flow_step_is_the_free_energy_and_its_gradient():
    plain = steps.flow_step("planar", 3, 4, 5)
    checkpointed = steps.flow_step("planar", 3, 4, 5, checkpoint=True)
    (loss, gradient), (again, other) = (s.compiled(*s.arguments(1)) for s in (plain, checkpointed))
    np.testing.assert_allclose(loss, again, rtol=1e-6)
    for a, b in zip(jax.tree.leaves(gradient), jax.tree.leaves(other), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)
    assert loss > 0  # the divergence of nearly N(0, I) from N(1, I)


def test_the_dense_flow_has_the_determinant_of_its_jacobian():
    parameters, draws = steps.dense_step(6, 2).arguments(0)
    _, log_det = steps._dense(parameters, draws[0])
    jacobian = jax.jacfwd(lambda z: steps._dense(parameters, z)[0])(draws[0])
    np.testing.assert_allclose(log_det, jnp.linalg.slogdet(jacobian)[1], rtol=1e-4, atol=1e-5)


def test_a_network_step_has_the_gradient_of_all_layers():
    step = steps.network_step(8, 2, 3)
    _, gradient = step.compiled(*step.arguments(0))
    assert sum(leaf.size for leaf in jax.tree.leaves(gradient)) == 3 * (8 * 8 + 8)


def test_the_floor_is_traffic_and_tanh():
    values = {"what": "planar", "axis": "K", "sizes": [4], "dim": 10, "layers": 0, "batch": 100}
    rates = {"bytes_per_second": 1e9, "tanh_per_second": 1e8}
    exact = 2 * 4 * 100 * 10 * 4 / 1e9 + 100 * 4 / 1e8
    np.testing.assert_allclose(floor_seconds(values, rates), [exact])
    radial = values | {"what": "radial", "axis": "D", "sizes": [10], "dim": 0, "layers": 4}
    np.testing.assert_allclose(floor_seconds(radial, rates), [2 * 4 * 100 * 10 * 4 / 1e9])


@pytest.mark.parametrize(("power", "expected"), [(1.0, "REPRODUCED"), (1.5, "NOT_REPRODUCED")])
def test_claims_are_judged_by_the_exponent(tmp_path, power, expected):
    chosen = plan(Budget.QUICK)
    units = [*(sweep.name for sweep in chosen.sweeps), "memory"]
    header = {"study": "made-up", "version": 1, "fluvial": "0", "seeds": [0, 1, 2]}
    header |= {"budget": "quick", "units": units}
    lengths = np.array(chosen.memory_lengths)
    with StudyResults.writing(tmp_path / "made-up", header, resume=False) as results:
        for sweep in chosen.sweeps:
            seconds = [np.array(sweep.sizes) ** power * (1 + seed) for seed in range(3)]
            record = Record({**sweep._asdict(), "seconds": seconds})
            results.write(sweep.name, record, 1.0)
        memory = {"plain": [lengths**power] * 3, "checkpoint": [lengths ** (power / 2)] * 3}
        memory |= {"dims": chosen.memory_dims, "lengths": lengths}
        results.write("memory", Record(memory), 1.0)
    claims = {judged.claim.name: judged for judged in load_study("scaling").judge(results)}
    for name in ("planar-cost-in-k", "radial-cost-in-d", "memory-plain", "memory-checkpoint"):
        assert claims[name].judgment.value == expected
    assert claims["planar-cost-in-k"].measured == pytest.approx(power)
    assert claims["dense-cost-in-d"].judgment is ClaimVerdict.NOT_REPRODUCED
