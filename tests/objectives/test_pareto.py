"""Pareto smoothing against ArviZ's and against tails of known shape."""

import numpy as np
import pytest
from arviz_stats.base.array import array_stats
from hypothesis import example, given
from hypothesis import strategies as st

from fluvial.objectives.pareto import fit_tail, smooth_tail


def pareto(shape: float, size: int, seed: int = 0) -> np.ndarray:
    """Draws whose survival function is (1 + kx)^{−1/k}."""
    survival = 1.0 - np.random.default_rng(seed).uniform(size=size)
    return -np.log(survival) if shape == 0.0 else (survival**-shape - 1.0) / shape


# Where M is whole; elsewhere ArviZ takes one draw less for the tail. Its releases do not agree on
# whether five are enough.
@pytest.mark.parametrize("size", [30, 100, 400, 10_000])
@pytest.mark.parametrize("shape", [-0.3, 0.0, 0.2, 0.7, 1.2])
def test_the_numbers_are_those_of_arviz(size, shape):
    log_weights = np.log(pareto(shape, size))
    expected, expected_khat = array_stats.psislw(-log_weights)
    smoothed, khat = smooth_tail(log_weights)
    assert khat == pytest.approx(float(expected_khat), abs=1e-10)
    np.testing.assert_allclose(smoothed, expected, atol=1e-10)


@pytest.mark.parametrize("shape", [-0.4, 0.0, 0.5, 1.0])
def test_the_shape_and_the_scale_of_a_pareto_tail_are_found(shape):
    found, scale = fit_tail(np.sort(3.0 * pareto(shape, 50_000)))
    assert found == pytest.approx(shape, abs=0.02)
    assert scale == pytest.approx(3.0, rel=0.03)


def test_too_few_draws_cannot_tell():
    smoothed, khat = smooth_tail(np.array([0.0, 1.0, 2.0]))
    assert khat == np.inf
    np.testing.assert_allclose(np.exp(smoothed).sum(), 1.0)


@pytest.mark.parametrize("noise", [0.0, 1e-13])
def test_equal_weights_have_no_tail(noise):
    log_weights = 5.0 + noise * np.random.default_rng(0).standard_normal(1000)
    smoothed, khat = smooth_tail(log_weights)
    assert khat == -np.inf
    np.testing.assert_allclose(np.exp(smoothed), 1e-3)


def test_one_weight_above_many_equal_ones_is_no_good_sign():
    smoothed, khat = smooth_tail(np.append(np.zeros(999), np.log(1001.0)))
    assert khat == np.inf
    np.testing.assert_allclose(np.exp(smoothed[-1]), 1001.0 / 2000.0)


@given(st.integers(25, 500), st.floats(1e-6, 300.0), st.floats(-1e4, 1e4), st.integers(0, 99))
@example(262, 294.0, 0.0, 77)
def test_smoothing_keeps_order_and_normalizes(size, spread, shift, seed):
    log_weights = shift + spread * np.random.default_rng(seed).standard_normal(size)
    smoothed, khat = smooth_tail(log_weights)
    assert np.exp(smoothed).sum() == pytest.approx(1.0)
    assert not np.isnan(khat)
    assert np.all(np.diff(smoothed[np.argsort(log_weights)]) >= -1e-9)


def test_weights_of_hundreds_of_nats_have_a_shape_and_no_nan():
    smoothed, khat = smooth_tail(np.linspace(0.0, 1e4, 4000))
    assert khat > 10.0
    assert np.isfinite(smoothed).all()
    assert np.exp(smoothed).sum() == pytest.approx(1.0)


def test_a_tail_most_of_which_underflows_is_fitted_without_a_warning():
    rng = np.random.default_rng(77)
    shape, scale = fit_tail(np.sort(np.exp(294.0 * rng.normal(size=48) - 700.0).clip(5e-324)))
    assert np.isfinite(shape)
    assert scale > 0.0
    excess = np.append(np.full(20, 5e-324), 1.0)
    assert np.isfinite(fit_tail(excess)).all()
