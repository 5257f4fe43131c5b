import jax.numpy as jnp
import numpy as np
import pytest

from fluvial.errors import InputError
from fluvial.flows import Riffle
from fluvial.flows.riffle import riffle_for


@pytest.mark.parametrize(
    ("turned", "expected"),
    [("nothing", [3, 1, 4, 2, 5]), ("half", [5, 1, 4, 2, 3]), ("all", [5, 2, 4, 1, 3])],
)
def test_by_hand(turned, expected):
    x, log_det = Riffle(5, turned).forward(jnp.arange(1.0, 6.0))
    assert x.tolist() == expected
    assert log_det == 0


@pytest.mark.parametrize("dim", range(2, 24))
def test_the_order_undoes_all_layers_and_most_pairs_meet(dim):
    riffle, order = riffle_for(dim, 8)
    met = np.eye(dim, dtype=bool)
    place = np.arange(dim)
    z = jnp.asarray(place, jnp.float32)
    for _ in range(8):
        now = np.asarray(z, int)
        met[np.ix_(now[: dim // 2], now[dim // 2 :])] = True
        z, _ = riffle.forward(z)
    np.testing.assert_array_equal(z[order], place)
    assert met.mean() > 0.87


def test_an_unknown_turn_is_refused():
    with pytest.raises(InputError, match="give one of"):
        Riffle(4, "twice")
