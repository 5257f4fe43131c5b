"""The logarithm of a sum of exponentials, against SciPy's."""

import numpy as np
import pytest
from scipy.special import logsumexp

from fluvial.log_sum_exp import log_sum_exp

TERMS = np.random.default_rng(0).normal(scale=30.0, size=(5, 7))


@pytest.mark.parametrize("axis", [None, 0, 1])
@pytest.mark.parametrize("keepdims", [False, True])
def test_it_is_that_of_scipy(axis, keepdims):
    expected = logsumexp(TERMS, axis=axis, keepdims=keepdims)
    np.testing.assert_allclose(log_sum_exp(TERMS, axis, keepdims=keepdims), expected, rtol=1e-14)


def test_terms_beyond_the_range_of_exp_do_not_overflow():
    assert log_sum_exp([1e4, 1e4]) == 1e4 + np.log(2.0)
    assert log_sum_exp([-1e4, -1e4]) == -1e4 + np.log(2.0)


def test_what_is_not_there_counts_nothing_and_nan_and_infinity_are_not_hidden():
    assert log_sum_exp([-np.inf, 3.0]) == 3.0
    assert log_sum_exp([-np.inf, -np.inf]) == -np.inf
    assert log_sum_exp([np.inf, 3.0]) == np.inf
    assert np.isnan(log_sum_exp([np.nan, 3.0]))
