"""Inverse Hessians of climbs, against the recursion that they stand for."""

import numpy as np

from fluvial.inference.climbs.curvature import Curvature

ROWS = np.array([0, 2])


def steps(count, dim, seed=0):
    """Steps s, and differences y of the gradients of one quadratic function, for each row."""
    rng = np.random.default_rng(seed)
    factor = rng.standard_normal((dim, dim))
    hessian = factor @ factor.T + np.eye(dim)
    s = rng.standard_normal((count, len(ROWS), dim))
    return s, s @ hessian


def recursion(s, y):
    inverse = np.eye(len(s[0])) * (s[-1] @ y[-1]) / (y[-1] @ y[-1])
    for one, other in zip(s, y, strict=True):
        rho = 1.0 / (one @ other)
        left = np.eye(len(one)) - rho * np.outer(one, other)
        inverse = left @ inverse @ left.T + rho * np.outer(one, one)
    return inverse


def test_the_last_steps_give_the_inverse_hessian_of_bfgs():
    s, y = steps(count=6, dim=4)
    learned = Curvature(3, 4, pairs=4)
    for one, other in zip(s, y, strict=True):
        learned.learn(ROWS, one, other)
    vectors = np.random.default_rng(1).standard_normal((2, 4))
    products = learned.times(ROWS, vectors)
    for k, row in enumerate(ROWS):
        expected = recursion(s[-4:, k], y[-4:, k])
        np.testing.assert_allclose(learned.inverse(int(row)), expected, rtol=1e-9)
        np.testing.assert_allclose(products[k], expected @ vectors[k], rtol=1e-9)
    assert learned.known(np.arange(3)).tolist() == [True, False, True]


def test_what_is_not_known_is_the_identity():
    learned = Curvature(3, 4, pairs=4)
    s, y = steps(count=1, dim=4)
    learned.learn(ROWS, s[0], y[0])
    learned.forget(np.array([2]))
    np.testing.assert_array_equal(learned.inverse(2), np.eye(4))
    np.testing.assert_array_equal(learned.inverse(1), np.eye(4))
    assert not np.allclose(learned.inverse(0), np.eye(4))


def test_a_step_whose_products_overflow_spoils_nothing():
    learned = Curvature(1, 2, pairs=4)
    with np.errstate(over="ignore"):
        learned.learn(np.array([0]), np.array([[1e200, 0.0]]), np.array([[1e200, 0.0]]))
    np.testing.assert_array_equal(learned.inverse(0), np.eye(2))


def test_what_is_kept_of_some_climbs_is_what_they_have_learned():
    learned = Curvature(3, 4, pairs=4)
    for one, other in zip(*steps(count=6, dim=4), strict=True):
        learned.learn(ROWS, one, other)
    expected = learned.inverse(2)
    learned.keep(np.array([1, 2]))
    np.testing.assert_array_equal(learned.inverse(0), np.eye(4))
    np.testing.assert_array_equal(learned.inverse(1), expected)
    assert learned.known(slice(None)).tolist() == [False, True]
