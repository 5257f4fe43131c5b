"""Limits of a fit: what is returned when they are spent, and what a killed one goes on from."""

import dataclasses

import jax.numpy as jnp
import pytest

import fluvial
from fluvial.errors import InputError
from fluvial.inference.checkpoint import Checkpoint
from fluvial.inference.fit_budget import FitBudget
from fluvial.inference.settings import DEFAULT


def _ridge(x):
    return -0.5 * x[0] ** 2 - 0.5 * ((x[1] - x[0] ** 2) / 0.3) ** 2


@pytest.mark.parametrize("most", [1, 2000, 30_000])
def test_evaluations_stay_within_their_limit_and_the_verdict_says_so(most):
    target = fluvial.Target(_ridge, dim=2)
    posterior = fluvial.fit(target, progress=False, max_evaluations=most)
    assert posterior.provenance.evaluations <= max(most, 32)
    assert posterior.verdict is not fluvial.Verdict.GOOD
    assert any(f"has used its {most:,} evaluations" in reason for reason in posterior.reasons)
    assert not posterior.interrupted


def test_a_limit_of_time_ends_with_a_verdict():
    posterior = fluvial.fit(fluvial.Target(_ridge, dim=2), progress=False, max_seconds=0.01)
    assert posterior.verdict is not fluvial.Verdict.GOOD
    assert any("has used its 0.01 s" in reason for reason in posterior.reasons)


@pytest.mark.parametrize("times", [0.0, 1e6])
def test_no_flow_is_begun_that_could_not_be_compiled_in_time(times, monkeypatch):
    def begin(*_, **__):
        raise AssertionError("begun")

    monkeypatch.setattr("fluvial.inference.flow_training.train_modes.train", begin)
    train = dataclasses.replace(DEFAULT.train, compiling=times)
    settings = dataclasses.replace(DEFAULT, train=train)
    target = fluvial.Target(_ridge, dim=2)
    options = {"flow": "realnvp:2", "settings": settings, "progress": False}
    if not times:
        with pytest.raises(AssertionError, match="begun"):
            fluvial.fit(target, max_seconds=100.0, **options)
        return
    posterior = fluvial.fit(target, max_seconds=100.0, **options)
    assert posterior.provenance.flow == "gaussian"
    assert posterior.verdict is not fluvial.Verdict.GOOD
    assert any("has used too much of its 100 s to go on" in r for r in posterior.reasons)


def test_a_limit_that_is_not_reached_changes_nothing():
    target = fluvial.Target(lambda x: -0.5 * jnp.sum(x**2), dim=2)
    free = fluvial.fit(target, progress=False)
    bound = fluvial.fit(target, progress=False, max_evaluations=10**7, max_seconds=1e6)
    assert free.pool.points.tobytes() == bound.pool.points.tobytes()
    assert free.verdict is bound.verdict


@pytest.mark.parametrize("limits", [{"seconds": 0.0}, {"seconds": -1.0}, {"evaluations": 0}])
def test_limits_of_no_use_are_refused(limits):
    with pytest.raises(InputError, match="give"):
        FitBudget(**limits)


def test_what_was_trained_before_a_fit_was_killed_is_not_trained_again(tmp_path, monkeypatch):
    target = fluvial.Target(_ridge, dim=2)
    options = {"progress": False, "max_steps": 200, "checkpoint": tmp_path / "fit"}
    whole = fluvial.fit(target, **options)
    assert any(path.name.startswith("flow-") for path in (tmp_path / "fit").iterdir())

    def refuse(*_, **__):
        raise AssertionError("trained again")

    monkeypatch.setattr("fluvial.inference.flow_training.train_modes.train", refuse)
    again = fluvial.fit(target, **options)
    assert again.pool.points.tobytes() == whole.pool.points.tobytes()
    assert again.log_evidence == whole.log_evidence
    with pytest.raises(AssertionError, match="trained again"):
        fluvial.fit(target, seed=1, **options)


def test_a_torn_file_is_computed_again(tmp_path):
    import numpy as np

    for _ in range(2):
        kept = Checkpoint(tmp_path, ["x"])
        assert kept.recall("a", [1], lambda: {"v": np.ones(2)})["v"].sum() == 2.0
        assert kept.found == 0
        for path in tmp_path.iterdir():
            path.write_bytes(path.read_bytes()[:40])
