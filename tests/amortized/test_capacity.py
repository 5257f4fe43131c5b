import pytest

from fluvial.amortized import check_capacity
from fluvial.errors import InputError


def test_the_papers_sizes_fit():
    check_capacity(784, (40,), 400, 2)


@pytest.mark.parametrize(
    "sizes",
    [
        (10**12, (40,), 400, 2),
        (784, (10**12,), 400, 2),
        (784, (40,), 10**7, 2),
        (784, (4,), 9, 10**12),
    ],
)
def test_sizes_that_do_not_fit_are_refused_at_once(sizes):
    with pytest.raises(InputError, match="GB to train, and this machine has"):
        check_capacity(*sizes)
