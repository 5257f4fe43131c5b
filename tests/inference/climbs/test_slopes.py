"""Which points a climb would lead from to a mode that is known."""

import jax.numpy as jnp
import numpy as np
from jax.scipy.special import logsumexp

from fluvial.inference.climbs.slopes import climb_off_slopes, on_slopes
from fluvial.inference.counted_target import CountedTarget
from fluvial.inference.settings import SearchSettings, Settings
from fluvial.posterior.gaussian import Gaussian
from fluvial.posterior.mixture import GaussianComponent, Mixture
from fluvial.targets import Target

LOG_Z = np.log(2.0 * np.pi)


def unit(scale=1.0):
    return Mixture((GaussianComponent(Gaussian(np.zeros(2), scale * np.eye(2))),), np.ones(1))


def test_a_tail_is_a_slope_and_another_mode_is_not():
    def log_density(x):
        there = x - jnp.array([9.0, 0.0], x.dtype)
        return logsumexp(jnp.stack([-3.0 * jnp.log1p(jnp.sum(x**2)), -0.5 * jnp.sum(there**2)]))

    points = np.array([[0.0, 5.0], [-20.0, 1.0], [9.0, 0.0], [8.0, 0.5]])
    found = on_slopes(CountedTarget(Target(log_density, dim=2)), unit(), LOG_Z, points)
    assert found.tolist() == [True, True, False, False]


def test_a_slope_that_leads_to_a_core_which_is_missing_is_climbed():
    """Mass in a narrow core amid a wide density lies where a climb ends: it has to be measured."""

    def log_density(x):
        squares = jnp.sum(x**2)
        return logsumexp(jnp.stack([-0.5 * squares, -5000.0 * squares + 9.0]))

    counted = CountedTarget(Target(log_density, dim=2))
    assert on_slopes(counted, unit(), LOG_Z, np.array([[0.01, 0.0], [0.5, 0.5]])).tolist() == [
        False,
        False,
    ]


def test_no_points():
    counted = CountedTarget(Target(lambda x: -0.5 * jnp.sum(x**2), dim=2))
    assert on_slopes(counted, unit(), LOG_Z, np.empty((0, 2))).shape == (0,)


def test_a_long_climb_ends_on_the_slopes_of_a_known_mode_and_goes_on_elsewhere():
    scales = jnp.array([1.0, 0.01])

    def log_density(x):
        there = (x - jnp.array([9.0, 0.0], x.dtype)) / scales.astype(x.dtype)
        return logsumexp(jnp.stack([-0.5 * jnp.sum(x**2), -0.5 * jnp.sum(there**2)]))

    counted = CountedTarget(Target(log_density, dim=2))
    settings = Settings(search=SearchSettings(unchecked=1))
    starts = np.array([[-3.0, 4.0], [8.0, 0.05], [0.0, 0.0]])
    ends, known = climb_off_slopes(counted, unit(), LOG_Z, starts, np.eye(2), settings)
    assert known.tolist() == [True, False, False]  # the last has converged by then
    assert [end.converged for end in ends] == [False, True, True]
    np.testing.assert_allclose(ends[1].x, [9.0, 0.0], atol=1e-3)
