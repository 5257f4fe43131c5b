import numpy as np
import pytest

from fluvial.posterior.unsettled import Unsettled, unsettled

X = np.random.default_rng(0).standard_normal((8192, 2))
EVEN = np.full(8192, 1.0 / 8192)


def test_a_linear_error_gathers_in_proportion():
    found = unsettled(X, EVEN, 0.1 * X[:, 0])
    assert found.known == pytest.approx(0.01, rel=0.05)
    assert found.rest == pytest.approx(0.0, abs=1e-12)
    assert found.gathered(0.5) == pytest.approx(0.005, rel=0.05)
    assert found.moves(0.5) == pytest.approx(0.0, abs=1e-9)


def test_an_error_of_high_degree_moves_little_at_first():
    r = 0.01 * np.polynomial.hermite_e.hermeval(X[:, 0], [0, 0, 0, 0, 0, 0, 1.0])
    found = unsettled(X, EVEN, r)
    assert found.degree > 4.0
    assert found.gathered(0.2) < 0.01 * found.rest
    later = found.after(0.2)
    assert later.rest > 0.9 * found.rest
    assert later.degree < found.degree


def test_nothing_is_gained_on_what_windows_cannot_see():
    many = np.random.default_rng(0).standard_normal((500, 40))
    found = unsettled(many, np.full(500, 1.0 / 500), many[:, 0] * many[:, 1])
    assert found.degree == 3.0


def test_all_is_gathered_in_the_end():
    left, total = Unsettled(0.3, 0.7, 4.0), 0.0
    for _ in range(60):
        total += left.gathered(0.3)
        left = left.after(0.3)
    assert total == pytest.approx(1.0, rel=0.2)
