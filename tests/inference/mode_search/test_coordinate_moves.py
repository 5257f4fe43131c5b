"""Looks that leave an approximation by a few coordinates."""

import jax.numpy as jnp
import numpy as np
import pytest

from fluvial.inference.counted_target import CountedTarget
from fluvial.inference.mode_search.coordinate_moves import count_sideways, sideways
from fluvial.inference.mode_search.mode_search import mass_outside
from fluvial.posterior.gaussian import Gaussian
from fluvial.posterior.mixture import GaussianComponent, Mixture
from fluvial.targets import Target, from_stan
from fluvial.targets.examples.synthetic import mixture

DIM, DISTANCE = 8, 10.0
SCALES = (1.0, 0.3, 1.5, 0.5)
WEIGHTS = (0.4, 0.3, 0.2, 0.1)
ANGLES = 0.5 * np.pi * np.arange(4)


def component(k):
    mean = np.zeros(DIM)
    mean[:2] = DISTANCE * np.array([np.cos(ANGLES[k]), np.sin(ANGLES[k])])
    return GaussianComponent(Gaussian(mean, SCALES[k] * np.eye(DIM)))


def the_wide_ones():
    return Mixture((component(0), component(2)), np.array([2.0, 1.0]) / 3.0)


def overall_of(q):
    x, _ = q.sample(np.random.default_rng(1), 4096)
    return Gaussian(x.mean(0), np.linalg.cholesky(np.cov(x.T)))


@pytest.mark.parametrize("seed", range(3))
def test_narrow_modes_far_away_in_eight_dimensions_are_found(seed):
    counted = CountedTarget(mixture(DIM, WEIGHTS, SCALES, DISTANCE).target)
    rng = np.random.default_rng(seed)
    found = mass_outside(counted, the_wide_ones(), np.log(0.6), rng).outliers
    shares = {round(o.gaussian.mean[1]): o.share for o in found}
    assert shares, "neither narrow mode was seen"
    for height, weight in ((10, 0.3), (-10, 0.1)):
        if height in shares:
            np.testing.assert_allclose(shares[height], weight / 0.6, rtol=0.1)


def test_the_best_looks_exceed_what_wide_ones_see():
    q = the_wide_ones()
    counted = CountedTarget(mixture(DIM, WEIGHTS, SCALES, DISTANCE).target)
    x = sideways(counted, q, overall_of(q), np.random.default_rng(0))
    assert np.abs(x[0, 1]) == pytest.approx(DISTANCE, abs=2.5)
    assert counted.values(x[:1])[0] > q.log_prob(x[:1])[0] + 3.0


def test_expensive_densities_and_many_dimensions_are_left_alone():
    stan = from_stan("parameters { vector[3] x; } model { x ~ normal(0, 1); }")
    wide = Target(lambda x: -0.5 * jnp.sum(x**2), dim=20)
    for target in (stan, wide):
        counted = CountedTarget(target)
        unit = Gaussian(np.zeros(target.dim), np.eye(target.dim))
        q = Mixture((GaussianComponent(unit),), np.ones(1))
        assert sideways(counted, q, unit, np.random.default_rng(0)).shape == (0, target.dim)
        assert counted.evaluations == 0


def test_few_coordinates_take_fewer_looks():
    def count(dim):
        return count_sideways(CountedTarget(Target(lambda x: -0.5 * jnp.sum(x**2), dim=dim)))

    assert [count(2), count(3), count(5), count(12), count(13)] == [
        0,
        6 * 2**14,
        15 * 2**14,
        2**19,
        0,
    ]
