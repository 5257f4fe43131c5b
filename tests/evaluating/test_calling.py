"""What a user's function raises or warns of is told once, in one sentence, by whatever calls it."""

import multiprocessing
import warnings
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import numpy as np
import pytest

from fluvial.errors import InputError
from fluvial.evaluating.calling import called
from fluvial.evaluating.evaluator import Evaluator

_POINTS = np.array([[0.0], [2.0]])


def _leaves(x):
    if x[0] > 1.0:
        raise SystemExit(3)
    return -1.0


def _overflows(x):
    return np.exp(1e4 * x[0])


def test_numpys_warnings_are_left_out_and_its_errors_are_not():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert called(_overflows, np.ones(1)) == np.inf
    with np.errstate(over="raise"), pytest.raises(FloatingPointError):
        called(_overflows, np.ones(1))


@pytest.mark.parametrize("failures", ["raise", "nan"])
def test_a_failure_in_a_pool_is_that_of_its_point(failures):
    with ThreadPoolExecutor(2) as pool:
        evaluator = Evaluator(_leaves, pool=pool, failures=failures)
        if failures == "nan":
            assert np.isnan(evaluator(_POINTS)).tolist() == [False, True]
        else:
            with pytest.raises(InputError, match=r"raised SystemExit: 3, at \[2\]"):
                evaluator(_POINTS)


def test_a_pool_that_forks_does_not_warn_and_survives_a_function_that_leaves():
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        with ProcessPoolExecutor(1, multiprocessing.get_context("fork")) as pool:
            evaluator = Evaluator(_leaves, pool=pool, failures="nan")
            assert np.isnan(evaluator(_POINTS)).tolist() == [False, True]


class _Short:
    def map(self, function, points):
        return [function(point) for point in points][1:]


def test_a_pool_that_loses_points_is_refused():
    with pytest.raises(InputError, match="1 results for 2 points"):
        Evaluator(_leaves, pool=_Short())(np.zeros((2, 1)))
