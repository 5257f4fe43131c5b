"""Which coordinates depend on each other, and the modes of what does not."""

import jax.numpy as jnp
import numpy as np
from jax.scipy.special import logsumexp
from jax.scipy.stats import norm

from fluvial.inference.climbs.climbing import climb_from
from fluvial.inference.counted_target import CountedTarget
from fluvial.inference.products.factors import combine, count_modes, factors, heads_of
from fluvial.inference.settings import Settings
from fluvial.targets import Target

MEANS = np.array([[[-4.0, -3.0], [-3.0, 4.0], [3.0, -4.0], [4.0, 2.0]]] * 2)


def wells(x):
    """A double well in every other coordinate."""
    return jnp.sum(-(x[::2] ** 4) + 5.0 * x[::2] ** 2 + 0.3 * x[::2]) - 0.5 * jnp.sum(x[1::2] ** 2)


def coupled(x):
    """Wells, of which two are pushed by each other."""
    return wells(x) - 0.05 * jnp.sin(x[0]) * jnp.sin(x[2])


def ring(x):
    return -((jnp.linalg.norm(x) - 3.0) ** 2)


def two_mixtures(x):
    """Four modes in each of two pairs of coordinates, and two coordinates besides."""
    pairs = x[:4].reshape(2, 1, 2)
    each = logsumexp(norm.logpdf(pairs, MEANS.astype(x.dtype), 0.7).sum(axis=2), axis=1)
    return jnp.sum(each) - 0.5 * jnp.sum(x[4:] ** 2)


def started(log_density, dim):
    counted = CountedTarget(Target(log_density, dim))
    starts = np.random.default_rng(0).uniform(-4.0, 4.0, (16, dim))
    ends = climb_from(counted, starts)
    return counted, starts, ends, factors(counted, starts, heads_of(ends))


def test_factors_are_what_scores_of_one_coordinate_change_with_another():
    labels = started(coupled, 6)[-1]
    assert labels[0] == labels[2]
    assert len(set(labels)) == 5


def test_a_density_whose_coordinates_all_depend_on_each_other_is_one_factor():
    assert not started(ring, 5)[-1].any()


def test_a_product_has_all_combinations_of_its_factors_modes():
    counted, _, ends, labels = started(wells, 12)
    assert count_modes(counted, labels, heads_of(ends)) == 2**6


def test_a_ring_is_one_mode_wherever_on_it_climbs_end():
    def two_rings_and_a_well(x):
        return ring(x[:2]) + ring(x[2:4]) + wells(x[4:])

    counted, _, ends, labels = started(two_rings_and_a_well, 6)
    np.testing.assert_array_equal(labels, [0, 0, 1, 1, 2, 3])
    assert count_modes(counted, labels, heads_of(ends)) == 2


def test_all_combinations_are_listed_though_no_climb_has_ended_in_most():
    counted, starts, ends, labels = started(two_mixtures, 6)
    combined = combine(counted, labels, starts, ends, np.random.default_rng(0))
    assert combined is not None
    heads = heads_of(combined.ends)
    assert len(np.unique(heads.round(2), axis=0)) == 16
    assert count_modes(counted, labels, heads) == 16


def test_what_has_too_many_modes_is_not_listed():
    counted, starts, ends, labels = started(wells, 12)
    few = Settings.of({"match": {"max_modes": 32}})
    assert combine(counted, labels, starts, ends, np.random.default_rng(0), few) is None
