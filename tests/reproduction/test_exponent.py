import math

import numpy as np
import pytest
from scipy.stats import t

from fluvial.reproduction.exponent import exponent


def test_an_exact_power_law_has_no_error():
    sizes = np.array([3.0, 10.0, 50.0])
    found = exponent(sizes, 7.0 * sizes**-1.5)
    assert found.value == pytest.approx(-1.5)
    assert found.high - found.low < 1e-6


def test_the_interval_is_students():
    x, y = np.array([1.0, 2.0, 4.0, 8.0]), np.array([1.0, 2.5, 3.5, 9.0])
    u, v = np.log(x), np.log(y)
    slope = np.cov(u, v)[0, 1] / np.var(u, ddof=1)
    residual = (v - v.mean()) - slope * (u - u.mean())
    error = math.sqrt((residual**2).sum() / 2 / ((u - u.mean()) ** 2).sum())
    found = exponent(x, y)
    assert found.value == pytest.approx(slope)
    assert found.high - slope == pytest.approx(t.ppf(0.975, 2) * error)
    assert slope - found.low == pytest.approx(t.ppf(0.975, 2) * error)


def test_two_points_leave_no_interval():
    found = exponent([1.0, 10.0], [1.0, 100.0])
    assert found.value == pytest.approx(2.0)
    assert math.isnan(found.low)
    assert math.isnan(found.high)
