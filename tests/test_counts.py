import numpy as np
import pytest

from fluvial.counts import check_count
from fluvial.errors import InputError


@pytest.mark.parametrize("n", [1.5, "4", float("nan"), np.float64(3.0), None])
def test_what_is_no_count(n):
    with pytest.raises(InputError, match=r"n=.*: give a whole number, at least 1"):
        check_count(n, "n")


def test_numbers_of_numpy_count():
    check_count(np.int32(3), "n", 3)
