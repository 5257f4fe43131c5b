"""The benchmark's yardsticks against answers known in closed form."""

import numpy as np
import pytest

from benchmarks.metrics import accuracy, marginal_w1, share_error, shares, w1_ratio


@pytest.fixture
def reference():
    return np.random.default_rng(0).normal(size=(10_000, 3)) * [0.1, 1.0, 100.0]


def test_reference_is_at_no_distance_from_itself(reference):
    assert accuracy(reference, reference) == pytest.approx((0.0, 0.0, 0.0), abs=1e-12)


def test_shift_by_half_an_sd_is_half_in_mean_and_w1(reference):
    sd = reference.std(axis=0, ddof=1)
    found = accuracy(reference + 0.5 * sd, reference)
    assert found == pytest.approx((0.5, 0.0, 0.5), abs=1e-9)


def test_only_the_worst_parameter_counts_for_moments(reference):
    sd = reference.std(axis=0, ddof=1)
    found = accuracy(reference + np.array([0.0, 0.0, 0.3]) * sd, reference)
    assert found == pytest.approx((0.3, 0.0, 0.1), abs=1e-9)


def test_doubling_the_spread_is_ln_2_and_w1_of_gaussians(reference):
    center = reference.mean(axis=0)
    found = accuracy(center + 2.0 * (reference - center), reference)
    # W1 between N(0, 1) and N(0, 4) is (2 - 1) E|Z| = sqrt(2 / pi).
    assert found.mean == pytest.approx(0.0, abs=1e-9)
    assert found.sd == pytest.approx(np.log(2.0), abs=1e-9)
    assert found.w1 == pytest.approx(np.sqrt(2.0 / np.pi), abs=0.02)


def test_constant_reference_columns_are_left_out(reference):
    padded = np.column_stack([reference, np.ones(len(reference))])
    draws = np.column_stack([reference, np.zeros(len(reference))])
    assert accuracy(draws, padded) == pytest.approx((0.0, 0.0, 0.0), abs=1e-12)


def test_collapsed_draws_are_infinitely_wrong(reference):
    assert accuracy(np.zeros((10, 3)), reference).sd == np.inf


def test_non_finite_draws_are_not_hidden(reference):
    draws = reference.copy()
    draws[0, 1] = np.nan
    assert np.isnan(accuracy(draws, reference)).all()


def test_refuses_what_cannot_be_compared(reference):
    with pytest.raises(ValueError, match="2 columns against 3"):
        accuracy(reference[:, :2], reference)
    with pytest.raises(ValueError, match="constant"):
        accuracy(np.ones((5, 2)), np.ones((5, 2)))


def test_marginal_w1_of_samples_of_unequal_size():
    found = marginal_w1(np.array([[0.0], [1.0]]), np.array([[0.0], [0.0], [1.0], [3.0]]))
    assert found == pytest.approx([0.5])  # area between the two step functions


def test_w1_ratio_is_one_for_exact_and_large_for_shifted():
    rng = np.random.default_rng(1)
    exact = [rng.normal(size=(2_000, 5)) for _ in range(6)]
    assert w1_ratio(rng.normal(size=(2_000, 5)), exact) == pytest.approx(1.0, abs=0.25)
    assert w1_ratio(rng.normal(size=(2_000, 5)) + 1.0, exact) > 10.0
    with pytest.raises(ValueError, match="at least two"):
        w1_ratio(exact[0], exact[:1])


def test_shares_and_their_relative_error():
    found = shares(np.array([0, 0, 0, 2]), regions=3)
    assert found == pytest.approx([0.75, 0.0, 0.25])
    assert share_error(found, np.array([0.75, 0.05, 0.2])) == pytest.approx(1.0)
    assert share_error(found, np.array([0.6, 0.0001, 0.25])) == pytest.approx(1.0)
    assert share_error(np.array([0.66, 0.34]), np.array([0.6, 0.4])) == pytest.approx(0.15)
