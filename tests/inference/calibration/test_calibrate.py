"""Calibration finds planted faults, and leaves right models alone."""

from types import SimpleNamespace

import numpy as np
import pytest
import scipy.stats as st

import fluvial
from fluvial.errors import InputError
from fluvial.inference.calibration.calibrate import calibrate, simulation_rng
from fluvial.inference.calibration.simulation import Simulation
from fluvial.inference.calibration.uniformity import uniformity

_OBSERVED = np.array([[1.0, 1.0], [1.0, 1.2], [0.5, 1.0]])


def _simulate(rng):
    x = rng.normal(size=2)
    return {"x": x}, _OBSERVED @ x + rng.normal(size=3)


def _exact(y, seed, prior=1.0, sign=1.0, scale=1.0, shrink=None):
    """Draws of the linear model's posterior, or of a faulty one."""
    precise = np.eye(2) / prior**2 + _OBSERVED.T @ _OBSERVED
    mean = np.linalg.solve(precise, sign * _OBSERVED.T @ y)
    cov = np.linalg.inv(precise)
    if shrink == "marginals":
        cov = np.diag(np.diag(cov))
    elif shrink is not None:
        cov = np.diag(1.0 / np.diag(precise))

    def draws(n, seed=0):
        rng = np.random.default_rng((7, seed))
        size = 4 * n if shrink == "tails" else n
        noise = rng.standard_normal((size, 2)) @ np.linalg.cholesky(cov).T
        if shrink == "tails":
            noise = noise[(np.abs(noise) < 1.2 * np.sqrt(np.diag(cov))).all(axis=1)]
        return {"x": mean + scale * noise[:n]}

    return SimpleNamespace(draws=draws, verdict="GOOD")


def _run(fits=150, seed=0, **fault):
    simulation = Simulation(_simulate, lambda y: y)

    def fit(target, *, seed, progress):
        return _exact(target, seed, **fault)

    return calibrate(simulation, fits, seed, fit=fit, progress=False)


@pytest.mark.parametrize(
    "fault",
    [
        {"shrink": "mean field"},
        {"shrink": "tails"},
        {"prior": 2.0, "fits": 80},
        {"prior": 0.5, "fits": 80},
        {"sign": -1.0},
        {"scale": 1.5},
    ],
)
def test_a_planted_fault_is_found(fault):
    found = _run(**fault)
    assert not found.calibrated
    assert "NOT calibrated" in str(found)


def test_a_wrong_dependence_is_found_where_every_parameter_is_right():
    found = _run(shrink="marginals", fits=200)
    assert found.pair_p_values["x[0]", "x[1]"] < 1e-6
    assert "of the product" in str(found)


def test_draws_that_are_a_little_too_wide_in_all_parameters_are_found_by_their_distance():
    found = _run(prior=2.0, fits=80)
    assert found.distance_p_value < 2e-3
    assert min(found.p_values.values()) > 3e-3
    assert "the draws are too wide" in str(found)
    assert min(found.p_values.values()) > 1e-3
    assert not found.calibrated


def test_a_fault_in_one_of_many_parameters_is_found():
    def simulate(rng):
        x = rng.normal(size=60)
        return {"x": x}, None

    def fit(target, *, seed, progress):
        def draws(n, seed=0):
            scale = np.where(np.arange(60) == 7, 2.5, 1.0)
            return {"x": scale * np.random.default_rng((3, seed)).normal(size=(n, 60))}

        return SimpleNamespace(draws=draws, verdict="GOOD")

    found = calibrate(Simulation(simulate, lambda y: y), fit=fit, progress=False)
    assert "the ranks of x[7] are not uniform" in str(found)
    assert "too wide" in str(found)


def test_a_lost_mode_is_found():
    def simulate(rng):
        x = rng.choice([-3.0, 3.0]) + 0.3 * rng.normal()
        return {"x": np.array(x)}, None

    def fit(target, *, seed, progress):
        def draws(n, seed=0):
            return {"x": 3.0 + 0.3 * np.random.default_rng(seed).normal(size=n)}

        return SimpleNamespace(draws=draws, verdict="GOOD")

    assert not calibrate(Simulation(simulate, lambda y: y), fit=fit, progress=False).calibrated


def test_right_models_are_left_alone():
    alarms = sum(not _run(fits=100, seed=seed).calibrated for seed in range(50))
    assert alarms <= 2  # 5 %


def test_simulations_of_the_default_seed_begin_with_ordinary_numbers():
    for fits in (60, 100, 150, 200):
        z = np.array([simulation_rng(0, number).normal(size=3) for number in range(fits)])
        u = np.array([simulation_rng(0, number).uniform(size=3) for number in range(fits)])
        assert min(uniformity(column) for column in [*st.norm.cdf(z).T, *u.T]) > 0.1
    assert _run(fits=100).calibrated


def test_few_fits_are_said_to_tell_little():
    assert "tell little" in str(_run(fits=10))
    assert "tell little" not in str(_run(fits=60))


def test_uniform_values_are_rejected_as_often_as_the_level_says():
    rng = np.random.default_rng(3)
    p = np.array([uniformity(rng.uniform(size=80)) for _ in range(400)])
    assert np.mean(p < 0.1) == pytest.approx(0.1, abs=0.05)
    assert uniformity(rng.beta(1.0, 1.5, size=200)) < 0.01
    assert uniformity(0.5 * rng.uniform(size=200)) < 1e-10


@pytest.mark.parametrize("how", ["raised", "returned"])
def test_a_calibration_goes_on_from_its_checkpoint(how, tmp_path):
    calls = []

    def fit(target, *, seed, progress):
        calls.append(seed)
        posterior = _exact(target, seed)
        if len(calls) == 4 and how == "raised":
            raise KeyboardInterrupt
        if len(calls) == 4:  # as a fit does that has something to show
            posterior.interrupted = True
        return posterior

    simulation = Simulation(_simulate, lambda y: y)
    options = {"fit": fit, "checkpoint": tmp_path, "progress": False}
    part = calibrate(simulation, 6, **options)
    assert len(part.u) == 3
    assert part.interrupted
    assert "Interrupted; of 6 there are 3 fits: 3 GOOD." in part.sentences
    whole = calibrate(simulation, 6, **options)
    assert len(calls) == 4 + 3
    assert not whole.interrupted
    assert whole.u[:3].tolist() == part.u.tolist()
    assert whole.u.tolist() == _run(fits=6).u.tolist()


def test_a_checkpoint_of_another_model_is_not_taken_for_this_one(tmp_path):
    def simulation(sd):
        def simulate(rng):
            x = sd * rng.normal(size=2)
            return {"x": x}, _OBSERVED @ x + rng.normal(size=3)

        return Simulation(simulate, lambda y: y)

    def fit(target, *, seed, progress):
        return _exact(target, seed)

    found = [
        calibrate(simulation(sd), 4, fit=fit, checkpoint=tmp_path, progress=False)
        for sd in (1.0, 5.0, 1.0)
    ]
    assert found[0].u.tolist() == found[2].u.tolist() != found[1].u.tolist()
    assert len(list(tmp_path.glob("fit-*"))) == 8


def test_fits_that_fail_are_counted_and_names_must_agree():
    def fail(target, *, seed, progress):
        if seed % 2:
            raise ArithmeticError("no root")
        return _exact(target, seed)

    simulation = Simulation(_simulate, lambda y: y)
    found = calibrate(simulation, 6, fit=fail, progress=False)
    assert (len(found.u), len(found.failures)) == (3, 3)
    assert "no root" in str(found)
    other = Simulation(lambda rng: ({"z": np.zeros(2)}, np.zeros(3)), lambda y: y)
    with pytest.raises(InputError, match="same names"):
        calibrate(other, 2, fit=lambda *_, **__: _exact(np.zeros(3), 0), progress=False)


@pytest.mark.slow
def test_real_fits_of_a_right_model_are_good_and_calibrated():
    def target(y):
        def log_density(x):
            return -0.5 * np.sum(x**2, axis=1) - 0.5 * np.sum((y - x @ _OBSERVED.T) ** 2, axis=1)

        return fluvial.Target.from_numpy(log_density, dim=2, vectorized=True)

    found = calibrate(Simulation(_simulate, target), 20, progress=False)
    assert found.calibrated
    assert found.good.sum() >= 18
    assert "called GOOD are calibrated" in str(found)


def test_real_fits_compile_their_programs_once():
    import jax.numpy as jnp

    from fluvial.inference.fit import fit as real

    compiled = []

    def fit(target, **options):
        posterior = real(target, **options)
        seconds = posterior.provenance.seconds
        compiled.append([name for name in seconds if "compilation" in name])
        return posterior

    def target(y):
        return fluvial.Target(
            lambda x: -0.5 * jnp.sum(x**2) - 0.5 * jnp.sum((y - _OBSERVED @ x) ** 2), dim=2
        )

    found = calibrate(Simulation(_simulate, target), 3, fit=fit, progress=False)
    assert found.verdicts == ("GOOD",) * 3
    assert compiled[0]
    assert not compiled[2]
