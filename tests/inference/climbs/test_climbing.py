"""Climbs that go on together end where each would by itself."""

import jax.numpy as jnp
import numpy as np

from fluvial.inference.climbs.climbing import climb, maximize
from fluvial.inference.counted_target import CountedTarget
from fluvial.inference.settings import ClimbSettings, Settings
from fluvial.posterior.gaussian import Gaussian
from fluvial.targets import Target


def rosenbrock(x):
    return -jnp.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)


def test_more_climbs_than_places_all_arrive():
    counted = CountedTarget(Target(rosenbrock, dim=2))
    starts = np.random.default_rng(0).uniform(-2.0, 2.0, (20, 2))
    settings = Settings(climb=ClimbSettings(together=3))
    ends = climb(counted, starts, settings=settings)
    assert all(end is not None and end.converged for end in ends)
    np.testing.assert_allclose([end.x for end in ends], 1.0, atol=1e-3)
    alone = [maximize(counted, Gaussian(x, np.eye(2)), settings) for x in starts]
    np.testing.assert_allclose([end.x for end in ends], [end.x for end in alone])


def test_a_start_that_is_not_finite_ends_nowhere_and_holds_up_no_other():
    counted = CountedTarget(Target(lambda x: -jnp.sum(jnp.sqrt(x) + 1.0 / x), dim=1))
    ends = climb(counted, np.array([[-1.0], [3.0]]))
    assert ends[0] is None
    np.testing.assert_allclose(ends[1].x, 2.0 ** (2.0 / 3.0), rtol=1e-4)


def test_climbs_go_on_in_the_coordinates_that_a_factor_whitens():
    scales = np.array([1e-3, 1.0, 1e3])
    counted = CountedTarget(Target(lambda x: -0.5 * jnp.sum((x / scales) ** 2), dim=3))
    (end,) = climb(counted, scales[None] * 2.0, np.diag(scales))
    np.testing.assert_allclose(end.x / scales, 0.0, atol=1e-4)
    assert counted.evaluations < 10
    np.testing.assert_allclose(np.diag(end.gaussian.cholesky), scales, rtol=1e-3)


def test_where_heights_are_astronomical_no_climb_is_taken_to_have_arrived():
    counted = CountedTarget(Target(lambda x: -1e15 - 1e3 * jnp.sum(x**2), dim=2))
    (end,) = climb(counted, np.array([[3.0, -4.0]]))
    assert not end.converged
