"""The search for missing mass in many dimensions."""

import jax.numpy as jnp
import numpy as np
import pytest
from jax.scipy.stats import norm

from fluvial.inference.counted_target import CountedTarget
from fluvial.inference.mode_search.far_search import mass_far
from fluvial.posterior.diagonal_gaussian import DiagonalGaussian
from fluvial.posterior.mixture import GaussianComponent, Mixture
from fluvial.targets import Target

DIM = 40
UNIT = Mixture((GaussianComponent(DiagonalGaussian(np.zeros(DIM), np.ones(DIM))),), np.ones(1))


def test_a_mode_that_is_missing_is_measured():
    def log_density(x):
        near, far = norm.logpdf(x).sum(), norm.logpdf(x, 3.0).sum()
        return jnp.logaddexp(near + jnp.log(0.6), far + jnp.log(0.4))

    counted = CountedTarget(Target(log_density, dim=DIM))
    found = mass_far(counted, UNIT, float(np.log(0.6)), np.random.default_rng(0))
    assert found.missing_mass == pytest.approx(0.4 / 0.6, rel=0.3)


def test_nothing_is_missing_where_nothing_is():
    counted = CountedTarget(Target(lambda x: norm.logpdf(x).sum(), dim=DIM))
    assert mass_far(counted, UNIT, 0.0, np.random.default_rng(0)).missing_mass == 0.0
