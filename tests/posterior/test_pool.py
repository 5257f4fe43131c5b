import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fluvial.inference.chains.chains import Chains, pool_of_chains
from fluvial.posterior.pool import Pool


def pool(weights) -> Pool:
    weights = np.asarray(weights, float)
    with np.errstate(divide="ignore"):
        log_weights = np.log(weights / weights.sum())
    return Pool(np.arange(len(weights), dtype=float)[:, None], np.zeros(len(weights)), log_weights)


@given(
    st.lists(st.floats(0.0, 1.0), min_size=1, max_size=30).filter(lambda w: sum(w) > 1e-3),
    st.integers(1, 500),
    st.integers(0, 5),
)
def test_each_point_is_chosen_as_often_as_it_weighs_give_or_take_one(weights, n, seed):
    chosen = pool(weights).choose(n, seed)
    expected = n * np.asarray(weights) / np.sum(weights)
    counts = np.bincount(chosen, minlength=len(weights))
    assert len(chosen) == n
    assert np.all(np.abs(counts - expected) < 1.0 + 1e-6)


def test_a_weight_of_zero_is_never_chosen():
    assert set(pool([0.0, 1.0, 0.0, 3.0, 0.0]).choose(1000, 0)) == {1, 3}


def test_the_seed_decides():
    many = pool(np.ones(100))
    np.testing.assert_array_equal(many.choose(50, 1), many.choose(50, 1))
    assert not np.array_equal(many.choose(50, 1), many.choose(50, 2))


def test_the_order_of_the_chosen_tells_nothing():
    chosen = pool(np.ones(1000)).choose(1000, 0)
    assert abs(np.corrcoef(chosen[1:], chosen[:-1])[0, 1]) < 0.1


def chains(value: float, count: int, length: int) -> Chains:
    draws = np.full((count, length, 2), value)
    return Chains(draws, np.full((count, length), -value), 1.0, 100.0, 0.9, 1)


def test_chains_of_several_modes_have_each_its_share():
    both = pool_of_chains([chains(1.0, 2, 10), chains(2.0, 4, 10)], np.array([0.75, 0.25]))
    assert (both.size, both.chains) == (60, 6)
    weights = np.exp(both.log_weights)
    assert weights.sum() == pytest.approx(1.0)
    assert weights[both.points[:, 0] == 1.0].sum() == pytest.approx(0.75)
    np.testing.assert_array_equal(both.log_p, -both.points[:, 0])


def test_chains_of_one_mode_stay_in_their_order():
    one = chains(0.0, 3, 5)
    one = one._replace(draws=np.arange(30.0).reshape(3, 5, 2))
    pooled = pool_of_chains([one], np.ones(1))
    np.testing.assert_array_equal(pooled.points.reshape(3, 5, 2), one.draws)


def test_of_longer_chains_the_end_is_taken():
    long = chains(1.0, 2, 30)
    long.draws[:, -10:] = 3.0
    both = pool_of_chains([long, chains(2.0, 2, 10)], np.array([0.5, 0.5]))
    assert (both.size, both.chains) == (40, 4)
    assert set(both.points[:, 0]) == {2.0, 3.0}
