import dataclasses
from functools import cache

import numpy as np
import pytest

import fluvial
from fluvial.inference.rows import exact_weights, finding
from tests.inference.rows.test_pipeline import QUICK, linear, log_likelihood, log_prior

SMALL = dataclasses.replace(QUICK, rows=dataclasses.replace(QUICK.rows, batch=256))


@cache
def target(noise):
    rows, *_ = linear(5000, noise=noise)
    return fluvial.Target.from_rows(log_prior, log_likelihood, rows, dim=3)


def fitted(folder=None, noise=1.0, **more):
    return fluvial.fit(target(noise), progress=False, settings=SMALL, checkpoint=folder, **more)


def same(one, other):
    return np.array_equal(one.pool.points, other.pool.points) and np.array_equal(
        one.pool.log_weights, other.pool.log_weights
    )


@pytest.fixture(scope="module")
def whole():
    return fitted()


def interrupt(monkeypatch, module, name, calls):
    """Press Ctrl-C in place of one call of a function."""
    function, count = getattr(module, name), 0

    def interrupted(*args, **kwargs):
        nonlocal count
        count += 1
        if count > calls:
            raise KeyboardInterrupt
        return function(*args, **kwargs)

    monkeypatch.setattr(module, name, interrupted)


def test_a_fit_that_was_cut_short_says_so_and_ends_with_the_same_bits_when_called_again(
    tmp_path, monkeypatch, whole
):
    with monkeypatch.context() as patched:
        interrupt(patched, exact_weights, "_pass", 3)
        short = fitted(tmp_path)
    assert short.provenance.interrupted
    assert 256 < short.pool.size < 1024
    assert any("interrupted" in reason for reason in short.reasons)
    kept = len(list(tmp_path.iterdir()))
    assert kept > 3
    again = fitted(tmp_path)
    assert same(again, whole)
    assert not again.provenance.interrupted
    assert len(list(tmp_path.iterdir())) > kept


def test_the_same_seed_gives_the_same_bits_and_no_pass_over_the_rows_is_made_twice(tmp_path, whole):
    assert same(fitted(tmp_path), whole)
    files = {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    assert same(fitted(tmp_path), whole)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == files


def test_what_was_kept_of_other_rows_is_left_alone(tmp_path, whole):
    other = fitted(tmp_path, noise=1.1)
    assert not same(other, whole)
    assert same(fitted(tmp_path), whole)


def test_ctrl_c_before_any_draw_gives_the_best_so_far(monkeypatch):
    interrupt(monkeypatch, finding, "peaks", 0)
    posterior = fitted()
    assert posterior.provenance.interrupted
    assert posterior.verdict is fluvial.Verdict.FAILED
    _, mean, covariance, _ = linear(5000)
    off = (posterior.draws(100)["x"].mean(axis=0) - mean) / np.sqrt(np.diag(covariance))
    assert np.abs(off).max() < 5.0  # what a sample of the rows says


def test_a_budget_ends_a_fit_of_rows():
    posterior = fitted(max_evaluations=700)
    assert posterior.provenance.evaluations < 2000
    assert any("has used its 700 evaluations" in reason for reason in posterior.reasons)
