import itertools

import jax.numpy as jnp
import numpy as np
import pytest

from fluvial.errors import InputError
from fluvial.flows import Permutation
from fluvial.flows.permutation import riffled_orders


def test_known_order_and_its_inverse():
    flow = Permutation([2, 0, 1])
    x, log_det = flow.forward(jnp.array([10.0, 20.0, 30.0]))
    np.testing.assert_array_equal(x, [30, 10, 20])
    np.testing.assert_array_equal(flow.inverse(x)[0], [10, 20, 30])
    assert log_det == 0


@pytest.mark.parametrize("order", [[0, 0, 1], [1, 2, 3], [0, 1, -1]])
def test_what_is_not_a_permutation_is_refused(order):
    with pytest.raises(InputError, match="each of them once"):
        Permutation(order)


@pytest.mark.parametrize("dim", [2, 3, 4, 7, 8, 10, 16, 31, 64])
def test_every_coordinate_soon_acts_on_every_other(dim):
    """Within two layers for each binary digit of D, and one pair more where D is no power of 2."""
    digits = int(np.ceil(np.log2(dim)))
    acted = np.zeros((dim, dim), bool)
    for order in riffled_orders(dim, 2 * (digits + 1)):
        assert sorted(order) == list(range(dim))
        acted[np.ix_(order[: dim // 2], order[dim // 2 :])] = True
    assert all(acted[i, j] for i, j in itertools.permutations(range(dim), 2))


def test_an_odd_number_of_layers():
    assert len(riffled_orders(5, 3)) == 3
