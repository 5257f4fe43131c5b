"""Populations that are cooled to a target, and what is explored with them."""

from dataclasses import replace

import jax.numpy as jnp
import numpy as np
from jax.scipy.special import logsumexp

from fluvial.inference.climbs.climbing import climb_from
from fluvial.inference.climbs.starts import differ
from fluvial.inference.counted_target import CountedTarget
from fluvial.inference.mode_search.exploring import explore
from fluvial.inference.mode_search.population import cooled_population, wide_law
from fluvial.inference.settings import DEFAULT
from fluvial.posterior.gaussian import Gaussian
from fluvial.targets import Target

WIDE = Gaussian(np.zeros(2), 4.0 * np.eye(2))


def rough_needle(x):
    """A needle on a slope full of ripples, in each of which a climb gets stuck."""
    z = x - 1.5
    return -0.5 * jnp.sum(z**2) / 0.02**2 - 3000.0 * jnp.sum(jnp.sin(12.0 * z) ** 2)


def two_needles(x):
    squares = jnp.stack([jnp.sum((x - 2.0) ** 2), jnp.sum((x + 2.0) ** 2)])
    return logsumexp(-0.5 * squares / 0.05**2 + jnp.log(jnp.array([0.3, 0.7])))


def test_a_population_ends_as_draws_of_the_target():
    counted = CountedTarget(Target(two_needles, dim=2))
    x, log_p = cooled_population(counted, WIDE, np.random.default_rng(0))[-1]
    first = x[:, 0] > 0.0
    assert abs(first.mean() - 0.3) < 0.1
    np.testing.assert_allclose(x[first].std(axis=0), 0.05, rtol=0.15)
    np.testing.assert_allclose(log_p, counted.values(x))


def test_what_is_nowhere_finite_ends_at_once():
    counted = CountedTarget(Target(lambda x: jnp.sum(x) * jnp.nan, dim=2))
    assert cooled_population(counted, WIDE, np.random.default_rng(0)) == []


def test_a_wide_law_is_as_wide_as_the_points_but_never_narrow():
    wide = wide_law(np.stack([np.linspace(-100.0, 100.0, 99), np.zeros(99)], axis=1))
    np.testing.assert_allclose(wide.mean, 0.0, atol=1e-9)
    np.testing.assert_allclose(np.diag(wide.cholesky), [68.0, 4.0], rtol=0.01)


def test_exploring_finds_the_needle_that_climbs_miss():
    counted = CountedTarget(Target(rough_needle, dim=2))
    rng = np.random.default_rng(0)
    starts = rng.uniform(-2.0, 2.0, (6, 2))
    ends = climb_from(counted, starts)
    assert differ(counted, ends)
    assert max(end.log_p for end in ends) < -100.0
    explored = explore(counted, starts, ends, rng)
    top = max(explored.ends, key=lambda end: end.log_p)
    np.testing.assert_allclose(top.x, 1.5, atol=1e-3)
    assert explored.missed == 0.0


def test_where_evaluations_run_out_before_modes_are_counted_populations_decide():
    counted = CountedTarget(Target(two_needles, dim=2))
    rng = np.random.default_rng(0)
    starts = rng.uniform(-2.0, 2.0, (4, 2))
    settings = replace(DEFAULT, explore=replace(DEFAULT.explore, most_evaluations=1))
    explored = explore(counted, starts, climb_from(counted, starts), rng, settings)
    assert explored.missed == 0.0
    assert "cooled populations found 2 modes that matter" in explored.sentence
