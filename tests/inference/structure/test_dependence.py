import jax.numpy as jnp
import numpy as np
import pytest
from jax.scipy.stats import norm

from fluvial.inference.counted_target import CountedTarget
from fluvial.inference.flow_training.sparse_flow import is_sparse, sparse_spec
from fluvial.inference.gaussian.diagonal import match_diagonal
from fluvial.inference.structure.dependence import find_dependence
from fluvial.posterior.diagonal_gaussian import DiagonalGaussian
from fluvial.targets import Target

COUNT = 40


def matched(log_density, dim):
    counted, rng = CountedTarget(Target(log_density, dim=dim)), np.random.default_rng(0)
    unit = DiagonalGaussian(np.zeros(dim), np.ones(dim))
    gaussian = match_diagonal(counted, unit, rng)
    return gaussian, find_dependence(counted, gaussian, rng)


def test_each_scale_of_many_pairs_is_the_parent_of_its_own_coordinate():
    def pairs(x):
        v, y = x[:COUNT], x[COUNT:]
        return norm.logpdf(v).sum() + norm.logpdf(y, 0, jnp.exp(0.5 * v)).sum()

    _, found = matched(pairs, 2 * COUNT)
    assert not len(found.hubs)
    np.testing.assert_array_equal(found.parents[COUNT:], np.arange(COUNT))
    np.testing.assert_array_equal(found.parents[:COUNT], -1)
    np.testing.assert_allclose(np.median(found.slopes[COUNT:]), 0.5, rtol=0.25)
    assert is_sparse(found)
    assert sparse_spec(found) == f"sparse,hubs=0,heads={COUNT},width=0"


def test_a_scale_is_the_parent_even_where_both_change_the_other_by_much():
    """Seen with the spread of margins, the change that cancels is often large at a few points."""
    pairs, seeds = 200, 2

    def funnels(x):
        v, y = x[:pairs], x[pairs:]
        return norm.logpdf(v, 0, 3).sum() + norm.logpdf(y, 0, jnp.exp(0.5 * v)).sum()

    counted = CountedTarget(Target(funnels, dim=2 * pairs))
    gaussian = DiagonalGaussian(np.zeros(2 * pairs), np.repeat([3.0, 1.0], pairs))
    for seed in range(seeds):
        found = find_dependence(counted, gaussian, np.random.default_rng(seed))
        np.testing.assert_array_equal(found.parents[pairs:], np.arange(pairs))
        np.testing.assert_array_equal(found.parents[:pairs], -1)


def test_the_mean_and_the_scale_of_a_hierarchy_are_its_hubs():
    y = np.random.default_rng(1).normal(size=4 * COUNT) * np.hypot(0.8, 0.7)

    def hierarchy(x):
        scaled = norm.logpdf(x[2:], x[0], jnp.exp(x[1])).sum() + norm.logpdf(y, x[2:], 0.7).sum()
        return norm.logpdf(x[0], 0, 5) + norm.logpdf(x[1]) + scaled

    _, found = matched(hierarchy, 4 * COUNT + 2)
    assert set(found.hubs) == {0, 1}
    assert found.coupling < 0.01
    assert is_sparse(found)


@pytest.mark.parametrize("plates", [1, 2])
def test_the_scale_of_a_plate_is_a_hub_where_its_mean_bends_most(plates):
    """Seen from the neck, where a mean alone is as curved as all that it shifts together."""
    groups, heads = 20, 2 * plates

    def hierarchy(x):
        each = x[heads:].reshape(plates, groups)
        m, log_t = x[0:heads:2, None], x[1:heads:2, None]
        return (
            norm.logpdf(m).sum()
            + norm.logpdf(log_t).sum()
            + norm.logpdf(each, m, jnp.exp(log_t)).sum()
        )

    dim = heads + plates * groups
    counted = CountedTarget(Target(hierarchy, dim=dim))
    sd = np.where((np.arange(dim) < heads) & (np.arange(dim) % 2 == 1), 0.1, 1.2)
    found = find_dependence(counted, DiagonalGaussian(np.zeros(dim), sd), np.random.default_rng(0))
    assert found is not None
    assert set(found.hubs) == set(range(heads))
    assert not len(found.heads)


def test_neighbors_that_are_coupled_are_not_sparse():
    def walk(x):
        return norm.logpdf(x[0]) + norm.logpdf(x[1:], x[:-1], 0.5).sum() + norm.logpdf(x).sum()

    _, found = matched(walk, COUNT)
    assert found.coupling > 0.3
    assert not is_sparse(found)


def test_independent_coordinates_are_matched_exactly_and_depend_on_nothing():
    mean, sd = np.linspace(-3.0, 3.0, COUNT), np.geomspace(0.01, 100.0, COUNT)
    gaussian, found = matched(lambda x: norm.logpdf(x, mean, sd).sum(), COUNT)
    np.testing.assert_allclose(gaussian.sd, sd, rtol=0.02)
    np.testing.assert_allclose((gaussian.mean - mean) / sd, 0.0, atol=0.02)
    assert not len(found.hubs)
    assert not len(found.heads)
    assert not is_sparse(found)
