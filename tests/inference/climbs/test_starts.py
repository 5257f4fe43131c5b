"""Climbing to modes, and telling them apart."""

import dataclasses

import jax.numpy as jnp
import numpy as np
import pytest
from jax.scipy.special import logsumexp

from fluvial.inference.climbs.climbing import maximize
from fluvial.inference.climbs.starts import distinct
from fluvial.inference.counted_target import CountedTarget
from fluvial.posterior.gaussian import Gaussian
from fluvial.targets import Target

CENTERS = np.array([[-5.0, 0.0], [5.0, 0.0], [0.0, 8.0]])


def three_modes(x):
    squares = jnp.sum((x - jnp.asarray(CENTERS, x.dtype)) ** 2, axis=1)
    return logsumexp(-0.5 * squares)


def ring(x):
    return -0.5 * ((jnp.sqrt(jnp.sum(x**2) + 1e-12) - 3.0) / 0.2) ** 2


def optima(log_density, starts):
    counted = CountedTarget(Target(log_density, dim=2))
    ends = [maximize(counted, Gaussian(np.asarray(x, float), np.eye(2))) for x in starts]
    return counted, [end for end in ends if end is not None]


def test_a_climb_ends_at_the_mode_with_the_curvature_there():
    precision = np.array([[2.0, 0.5], [0.5, 1.0]])
    _, (top,) = optima(
        lambda x: -0.5 * (x - 1.0) @ jnp.asarray(precision, x.dtype) @ (x - 1.0), [[4.0, -3.0]]
    )
    assert top.converged
    np.testing.assert_allclose(top.x, 1.0, atol=1e-4)
    covariance = top.gaussian.cholesky @ top.gaussian.cholesky.T
    np.testing.assert_allclose(covariance, np.linalg.inv(precision), rtol=0.2)


def test_every_mode_is_kept_once():
    starts = np.concatenate([CENTERS + offset for offset in (0.5, -0.7, 1.1)])
    counted, ends = optima(three_modes, starts)
    heads = distinct(counted, ends)
    assert len(heads) == 3
    found = sorted(np.round(head.x, 2).tolist() for head in heads)
    np.testing.assert_allclose(found, sorted(CENTERS.tolist()), atol=0.05)


def test_the_optima_around_a_ring_are_one_mode():
    angles = np.linspace(0.0, 2.0 * np.pi, 25)[:-1]
    counted, ends = optima(ring, 2.5 * np.stack([np.cos(angles), np.sin(angles)], axis=1))
    assert len(distinct(counted, ends)) == 1


def test_a_climb_survives_a_cliff():
    _, ends = optima(
        lambda x: jnp.where(x[0] > 0.0, -0.5 * jnp.sum((x - 1.0) ** 2), -jnp.inf), [[3.0, 3.0]]
    )
    np.testing.assert_allclose(ends[0].x, 1.0, atol=1e-3)


@pytest.mark.filterwarnings("error")
def test_a_density_without_a_mode_is_not_called_converged():
    _, ends = optima(lambda x: jnp.sum(x), [[0.0, 0.0]])
    assert not ends or not ends[0].converged or ends[0].log_p > 1e3


def test_two_modes_do_not_become_one_by_way_of_an_optimum_far_below_both():
    counted = CountedTarget(Target(three_modes, dim=2))
    tops = [maximize(counted, Gaussian(x, np.eye(2))) for x in CENTERS[:2]]
    low = dataclasses.replace(tops[0], x=np.array([0.0, -60.0]), log_p=-1750.0)
    assert len(distinct(counted, [*tops, low])) == 2
