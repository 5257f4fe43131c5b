"""Several Gaussians at once, against each by itself."""

import numpy as np

from fluvial.posterior.gaussian import Gaussian
from fluvial.posterior.gaussian_densities import gaussian_densities


def test_they_are_those_of_each_gaussian_in_any_units_and_in_any_number_of_points():
    rng = np.random.default_rng(0)
    units = np.array([1e-8, 1.0, 1e8])
    draws = units * rng.standard_normal((4, 30, 3))
    means = 1e3 * units + draws.mean(axis=1)
    factors = np.stack([np.linalg.cholesky(np.cov(some.T)) for some in draws])
    x = 1e3 * units + 3.0 * units * rng.standard_normal((1300, 3))
    each = [Gaussian(m, factor).log_prob(x) for m, factor in zip(means, factors, strict=True)]
    np.testing.assert_allclose(gaussian_densities(means, factors, x), each, rtol=1e-8)
    assert gaussian_densities(means, factors, x[:0]).shape == (4, 0)
