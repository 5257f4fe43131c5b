"""Moments of weighted draws, whose precision and whose distance from q are known."""

import numpy as np
import pytest

from fluvial.posterior.accuracy import approximation_error, precision

SIZE = 20_000


def gaussians(mean, sd, seed=0):
    """Draws of q = N(mean, sd²), with their weights for p = N(0, 1) and for q."""
    x = mean + sd * np.random.default_rng(seed).standard_normal((SIZE, 1))
    w = np.exp(-0.5 * x[:, 0] ** 2 + 0.5 * ((x[:, 0] - mean) / sd) ** 2)
    return x, w / w.sum(), np.full(SIZE, 1.0 / SIZE)


@pytest.mark.parametrize(("mean", "sd"), [(0.0, 1.0), (0.3, 1.0), (0.0, 1.2), (-0.2, 0.9)])
def test_the_shifts_are_those_of_the_gaussians(mean, sd):
    error = approximation_error(*gaussians(mean, sd))
    assert error.mean_shift == pytest.approx(abs(mean), abs=0.02)
    assert error.log_sd_shift == pytest.approx(abs(np.log(sd)), abs=0.02)


def test_the_approximation_is_not_off_where_it_is_the_target():
    error = approximation_error(*gaussians(0.0, 1.0))
    values = (error.mean_shift, error.mean_shift_se, error.log_sd_shift, error.log_sd_shift_se)
    np.testing.assert_allclose(values, 0.0, atol=1e-12)


def test_the_standard_errors_are_the_spread_over_seeds():
    errors = [approximation_error(*gaussians(0.3, 1.1, seed)) for seed in range(40)]
    for name in ("mean_shift", "log_sd_shift"):
        spread = np.std([getattr(error, name) for error in errors])
        said = np.mean([getattr(error, f"{name}_se") for error in errors])
        assert 0.7 * spread < said < 2.0 * spread


def test_other_draws_of_the_target_can_be_compared():
    x, w, _ = gaussians(0.0, 1.0)
    y, _, v = gaussians(0.2, 1.0, seed=1)
    both = np.concatenate([x, y])
    error = approximation_error(both, np.append(w, 0.0 * v), np.append(0.0 * w, v))
    assert error.mean_shift == pytest.approx(0.2, abs=0.03)
    assert error.mean_shift_se == pytest.approx((2.0 / SIZE) ** 0.5, rel=0.05)


def test_a_constant_coordinate_is_not_off():
    x, w, v = gaussians(0.3, 1.0)
    error = approximation_error(np.column_stack([x, np.full(SIZE, 7.0)]), w, v)
    assert error.mean_shift == pytest.approx(0.3, abs=0.02)


def test_precision_is_in_closed_form():
    # Draws of N(0, 2²) for N(0, 1): S / ∫ p²/q x² dx, an integral of a Gaussian of variance 4/7.
    x, w, _ = gaussians(0.0, 2.0)
    found = precision(x, w)
    assert found.mean_ess == pytest.approx(SIZE * (7 / 4) ** 1.5 / 2, rel=0.05)


def test_infinite_draws_are_not_precise():
    x, w, _ = gaussians(0.0, 1.0)
    x[0] = 1e200
    assert not precision(x, w).variance_ess > 2.0
