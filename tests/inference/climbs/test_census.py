"""Counting where climbs ended."""

import jax.numpy as jnp
import numpy as np
from jax.scipy.special import logsumexp

from fluvial.inference.climbs.census import Census, expected_unseen
from fluvial.inference.climbs.climbing import climb
from fluvial.inference.counted_target import CountedTarget
from fluvial.inference.settings import DEFAULT
from fluvial.targets import Target


def two_modes(x):
    return logsumexp(jnp.array([-0.5 * (x[0] - 4.0) ** 2, -0.5 * (x[0] + 4.0) ** 2 - 9.0]))


def test_hits_and_runs_are_counted_for_each_mode():
    counted = CountedTarget(Target(two_modes, dim=1))
    census = Census(counted)
    for run, starts in enumerate([[[5.0], [3.0], [-5.0]], [[6.0]]]):
        census.add(climb(counted, np.array(starts)), len(starts), run)
    high, low = census.modes()
    assert (census.climbs, high.hits, low.hits) == (4, 3, 1)
    assert (high.runs, low.runs) == ({0, 1}, {0})
    assert census.mattering([high, low]) == [high]
    np.testing.assert_allclose(high.log_mass - low.log_mass, 9.0, atol=1e-2)


def test_as_many_climbs_are_allowed_as_count_all_modes_that_are_matched():
    explore, match = DEFAULT.explore, DEFAULT.match
    rounds = int(np.log2(explore.most_climbs / explore.first_climbs))
    climbs = explore.first_climbs * (2**rounds - 1)
    assert expected_unseen(explore.most_climbs, match.max_modes) <= explore.unseen
    assert explore.most_evaluations >= 32 * climbs


def test_the_unseen_are_fewer_the_more_climbs_there_were():
    assert expected_unseen(1000, 8) < 0.1 < expected_unseen(100, 8) < 1.0
