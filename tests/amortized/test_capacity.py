import jax
import pytest

from fluvial.amortized import DLGM, MLP, check_capacity
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


@pytest.mark.parametrize(
    "sizes",
    [
        {"hidden": 10**11},
        {"hidden": (400, 10**11)},
        {"latent": (40, 10**12)},
        {"data_dim": 10**12},
        {"depth": 10**12},
    ],
)
def test_a_model_that_does_not_fit_is_refused_before_it_is_made(sizes):
    with pytest.raises(InputError, match="GB to train, and this machine has"):
        DLGM(**sizes)


def test_sizes_of_networks_that_are_ones_own_do_not_count():
    own = {name: MLP(n, m, width=4, key=jax.random.key(0)) for name, n, m in NETWORKS}
    assert DLGM(6, 2, 10**11, **own).dim == 2


NETWORKS = (("encoder", 6, None), ("decoder", 2, 6))
