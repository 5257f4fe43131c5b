"""What is remembered of all the points that were evaluated."""

import numpy as np

from fluvial.inference.evaluated import Evaluated, density_peaks


def test_one_point_in_a_lower_mode_is_not_crowded_out_by_thousands_in_a_higher_one():
    rng = np.random.default_rng(0)
    kept = Evaluated(3)
    kept.add(np.full((1, 3), 7.0), np.array([-40.0]))
    for _ in range(3000):
        x = 0.01 * rng.standard_normal((32, 3))
        kept.add(x, -0.5 * np.sum((x / 0.01) ** 2, axis=1))
    assert np.any(np.all(kept.points == 7.0, axis=1))


def test_a_point_found_late_is_not_crowded_out_by_those_before():
    rng = np.random.default_rng(0)
    kept = Evaluated(2)
    for batch in range(2000):
        x = rng.standard_normal((32, 2))
        kept.add(x, -0.5 * np.sum(x**2, axis=1))
        if batch == 1000:
            kept.add(np.array([[1e3, 0.0]]), np.array([-3.0]))
    assert np.any(kept.points[:, 0] == 1e3)


def test_memory_is_bounded_whatever_is_added():
    kept = Evaluated(10_000)
    for _ in range(3 * kept.capacity):
        kept.add(np.ones((4, 10_000)), np.zeros(4))
    assert len(kept.points) <= 2 * kept.capacity
    assert kept.capacity * 10_000 <= 2**20


def test_what_is_not_finite_is_left_out():
    kept = Evaluated(1)
    kept.add(np.zeros((3, 1)), np.array([np.nan, np.inf, -np.inf]))
    assert len(kept.points) == 0


def test_the_tops_of_two_modes_are_the_first_peaks():
    rng = np.random.default_rng(0)
    x = np.concatenate([rng.standard_normal((300, 2)), 20.0 + rng.standard_normal((30, 2))])
    log_p = np.concatenate(
        [-0.5 * np.sum(x[:300] ** 2, 1), -0.5 * np.sum((x[300:] - 20.0) ** 2, 1) - 2.0]
    )
    first = density_peaks(x, log_p, 2)
    assert sorted(x[first, 0] > 10.0) == [False, True]
