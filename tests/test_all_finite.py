"""Whether an array is finite, where the sum of its squares does not tell."""

import numpy as np
import pytest

from fluvial.all_finite import all_finite


@pytest.mark.parametrize("strange", [np.nan, np.inf, -np.inf])
def test_one_number_that_is_not_finite_is_noticed_among_many(strange):
    table = np.zeros((50, 4))
    assert all_finite(table)
    table[17, 2] = strange
    assert not all_finite(table)


def test_large_numbers_are_finite_though_their_squares_are_not():
    assert all_finite(np.array([[1e300, -1e300], [1e308, 0.0]]))


def test_a_part_of_an_array_and_none_at_all():
    table = np.array([[1.0, np.nan], [2.0, np.nan]])
    assert all_finite(table[:, 0])
    assert not all_finite(table[:, 1])
    assert all_finite(table[:0])
