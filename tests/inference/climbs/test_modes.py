"""Which components are one mode."""

import jax.numpy as jnp
import numpy as np
import pytest
from jax.scipy.special import logsumexp

from fluvial.inference.climbs.modes import group_into_modes
from fluvial.inference.counted_target import CountedTarget
from fluvial.objectives import Importance
from fluvial.posterior.gaussian import Gaussian
from fluvial.posterior.mixture import GaussianComponent, Mixture
from fluvial.posterior.pool import Pool
from fluvial.targets import Target


def grouped(log_density, means, sd, dim=2):
    """Group Gaussians at some means, on draws of their mixture weighted to the target."""
    target = Target(log_density, dim=dim)
    parts = [
        GaussianComponent(Gaussian(np.resize(m, dim).astype(float), sd * np.eye(dim)))
        for m in means
    ]
    q = Mixture(tuple(parts), np.full(len(parts), 1 / len(parts)))
    x, log_q = q.sample(np.random.default_rng(0), 8192)
    log_p = target.values(x)
    pool = Pool(x, log_p, Importance(log_p - log_q).smoothed)
    return group_into_modes(CountedTarget(target), q, pool)


@pytest.mark.parametrize("dim", [1, 2, 20])
def test_two_components_of_one_gaussian_are_one_mode(dim):
    apart = 0.5 * np.ones(dim) / dim**0.5
    groups = grouped(lambda x: -0.5 * jnp.sum(x**2), [apart, -apart], 1.0, dim)
    assert groups == (0, 0)


@pytest.mark.parametrize("distance", [3.5, 6.0, 40.0])
def test_gaussians_with_a_dip_between_them_are_two_modes(distance):
    centers = np.array([[-0.5 * distance, 0.0], [0.5 * distance, 0.0]])

    def log_density(x):
        return logsumexp(-0.5 * jnp.sum((x - jnp.asarray(centers, x.dtype)) ** 2, axis=1))

    assert grouped(log_density, centers, 1.0) == (0, 1)


def test_a_ring_is_one_mode_though_chords_leave_it():
    angles = 2.0 * np.pi * np.arange(8) / 8.0
    means = 4.0 * np.stack([np.cos(angles), np.sin(angles)], axis=1)

    def log_density(x):
        return -0.5 * ((jnp.sqrt(jnp.sum(x**2)) - 4.0) / 0.3) ** 2

    assert grouped(log_density, means, 1.2) == (0,) * 8


def test_a_single_component_is_a_single_mode():
    assert grouped(lambda x: -0.5 * jnp.sum(x**2), [np.zeros(2)], 1.0) == (0,)
