"""Looks that are held against known modes."""

import jax.numpy as jnp
import numpy as np
import pytest
from jax.scipy.special import logsumexp
from jax.scipy.stats import norm

from fluvial.inference.climbs.census import Census, Mode
from fluvial.inference.climbs.climbing import Optimum, climb_from
from fluvial.inference.climbs.start_law import StartLaw
from fluvial.inference.climbs.starts import distinct
from fluvial.inference.counted_target import CountedTarget
from fluvial.inference.mode_search.beyond import look_beyond
from fluvial.inference.mode_search.exploring import CLIMBS
from fluvial.inference.mode_search.looking import unexplained
from fluvial.inference.settings import DEFAULT
from fluvial.posterior.gaussian import Gaussian
from fluvial.targets import Target

DIM = 8
MEANS = np.array([[-4.0] * DIM, [4.0] * DIM, [4.0, -3.0] * (DIM // 2)])
SCALES = np.array([1.2, 1.0, 0.6])
WEIGHTS = np.array([0.4, 0.4, 0.2])


def mixture(x):
    means, scales = MEANS.astype(x.dtype), SCALES.astype(x.dtype)
    return logsumexp(jnp.log(WEIGHTS) + norm.logpdf(x, means, scales[:, None]).sum(axis=1))


@pytest.fixture
def counted():
    return CountedTarget(Target(mixture, DIM))


def known(counted, row):
    gaussian = Gaussian(MEANS[row], SCALES[row] * np.eye(DIM))
    top = Optimum(
        MEANS[row], float(counted.values(MEANS[row][None])[0]), lambda: gaussian, converged=True
    )
    return Mode(top, 1, frozenset(), gaussian)


def left(counted, rows):
    law = StartLaw(np.zeros((1, DIM)), np.full((1, DIM), 4.0), np.ones(1))
    modes = [known(counted, row) for row in rows]
    return unexplained(counted, modes, law, 2**15, np.random.default_rng(0))


def test_what_known_modes_do_not_explain_lies_around_the_one_that_is_missing(counted):
    points = left(counted, [0, 1])
    assert len(points)
    nearest = np.argmin(np.linalg.norm((points[:, None] - MEANS) / SCALES[:, None], axis=2), axis=1)
    np.testing.assert_array_equal(nearest, 2)


def test_nothing_is_left_where_all_modes_are_known(counted):
    assert len(left(counted, range(3))) == 0
    assert counted.evaluations == 2**15 + 3


@pytest.mark.parametrize("width", [1.2, 0.9])
def test_climbs_that_all_end_in_the_widest_mode_are_not_the_end_of_it(width):
    rng = np.random.default_rng(1)
    means, widths = 5.0 * rng.choice([-1.0, 1.0], (2, 10)), np.array([2.0, width])[:, None]
    means[0] = 0.0

    def log_density(x):
        return logsumexp(norm.logpdf(x, means.astype(x.dtype), widths.astype(x.dtype)).sum(axis=1))

    counted = CountedTarget(Target(log_density, 10))
    starts = rng.uniform(-2.0, 2.0, (16, 10))
    ends = climb_from(counted, starts)
    assert len(distinct(counted, ends)) == 1
    beyond = look_beyond(counted, starts, ends, rng).ends
    assert len(distinct(counted, [*ends, *beyond])) == 2


def test_a_mode_of_two_peaks_explains_what_lies_around_the_lower_one():
    rng = np.random.default_rng(0)
    means, widths = np.zeros((2, 6)), np.array([[0.71], [0.99]])
    means[1, 0] = 3.1

    def touching(x):
        logs = norm.logpdf(x, means.astype(x.dtype), widths.astype(x.dtype)).sum(axis=1)
        return logsumexp(logs + jnp.log(jnp.array([1.0, 2.0])))

    counted = CountedTarget(Target(touching, 6))
    census = Census(counted)
    census.add(climb_from(counted, means), 2, CLIMBS)
    (mode,) = census.modes()
    law = StartLaw(np.zeros((1, 6)), np.full((1, 6), 2.0), np.ones(1))
    both, one = (
        unexplained(counted, [known], law, 2**13, rng) for known in (mode, mode._replace(beside=()))
    )
    assert len(both) < DEFAULT.explore.suspects == len(one)


def test_where_there_is_one_mode_there_is_nothing_beyond_it():
    counted = CountedTarget(Target(lambda x: -jnp.sum(jnp.sqrt(1.0 + x**2)), DIM))
    rng = np.random.default_rng(0)
    starts = rng.uniform(-2.0, 2.0, (16, DIM))
    beyond = look_beyond(counted, starts, climb_from(counted, starts), rng)
    assert beyond.ends == []
    assert "65,536 looks. By an estimate, these looks would miss" in beyond.sentence
