"""The same structure as ``dependence`` finds, from moves of all coordinates at once."""

import jax.numpy as jnp
import numpy as np
from jax.scipy.stats import norm

from fluvial.inference.counted_target import CountedTarget
from fluvial.inference.flow_training.sparse_flow import is_sparse
from fluvial.inference.gaussian.diagonal import match_diagonal
from fluvial.inference.structure.scanning import coupling_elsewhere, scan_dependence
from fluvial.posterior.diagonal_gaussian import DiagonalGaussian
from fluvial.targets import Target

COUNT = 300


def scanned(log_density, dim):
    counted, rng = CountedTarget(Target(log_density, dim=dim)), np.random.default_rng(0)
    gaussian = match_diagonal(counted, DiagonalGaussian(np.zeros(dim), np.ones(dim)), rng)
    before = counted.evaluations
    found = scan_dependence(counted, gaussian, rng)
    assert counted.evaluations - before < 2000
    assert found is not None
    return found


def test_each_scale_of_many_pairs_is_the_parent_of_its_own_coordinate():
    def pairs(x):
        v, y = x[:COUNT], x[COUNT:]
        return norm.logpdf(v).sum() + norm.logpdf(y, 0, jnp.exp(0.5 * v)).sum()

    found = scanned(pairs, 2 * COUNT)
    assert not len(found.hubs)
    right = found.parents[COUNT:] == np.arange(COUNT)
    assert right.mean() > 0.95
    assert (found.parents[:COUNT] < 0).all()
    assert is_sparse(found)


def test_the_mean_and_the_scale_of_a_hierarchy_are_its_hubs():
    y = np.random.default_rng(1).normal(size=COUNT) * np.hypot(0.8, 0.7)

    def hierarchy(x):
        scaled = norm.logpdf(x[2:], x[0], jnp.exp(x[1])).sum() + norm.logpdf(y, x[2:], 0.7).sum()
        return norm.logpdf(x[0], 0, 5) + norm.logpdf(x[1]) + scaled

    found = scanned(hierarchy, COUNT + 2)
    assert set(found.hubs) == {0, 1}
    assert found.coupling < 0.01
    assert is_sparse(found)


def test_plates_in_plates_share_their_heads():
    heads, each = 10, 20

    def plates(x):
        v, y = x[:heads], x[heads:]
        return norm.logpdf(v).sum() + norm.logpdf(y, 0, jnp.exp(jnp.repeat(v, each))).sum()

    found = scanned(plates, heads * (1 + each))
    hubs = set(found.hubs)
    parents = np.repeat(np.arange(heads), each)
    right = (found.parents[heads:] == parents) | np.isin(parents, list(hubs))
    assert right.mean() > 0.9


def test_neighbors_that_are_coupled_are_not_sparse():
    def walk(x):
        return norm.logpdf(x[0]) + norm.logpdf(x[1:], x[:-1], 0.5).sum() + norm.logpdf(x).sum()

    found = scanned(walk, COUNT)
    assert found.coupling > 0.3
    assert not is_sparse(found)


def test_neighbors_that_are_independent_at_one_value_of_a_hub_alone_are_coupled_elsewhere():
    """The hub is an autocorrelation, and independent coordinates are matched where it is zero."""

    def autoregression(x):
        hub, state = x[0], x[1:]
        moves = norm.logpdf(state[1:], jnp.tanh(hub) * state[:-1], 1.0).sum()
        return norm.logpdf(hub) + norm.logpdf(state[0]) + moves

    def hierarchy(x):
        return norm.logpdf(x[0]) + norm.logpdf(x[1:], 0.0, jnp.exp(x[0])).sum()

    for log_density, least, most in ((autoregression, 0.3, 2.0), (hierarchy, 0.0, 0.01)):
        dim, rng = COUNT + 1, np.random.default_rng(0)
        counted = CountedTarget(Target(log_density, dim=dim))
        gaussian = DiagonalGaussian(np.zeros(dim), np.r_[0.05, np.ones(COUNT)])
        found = scan_dependence(counted, gaussian, rng)
        assert found is not None
        assert found.coupling < 0.1
        assert 0 in found.hubs
        assert least <= coupling_elsewhere(counted, gaussian, found, rng) <= most
