import numpy as np
import pytest

from fluvial.posterior.gaussian import factor, moments


def _draws(size=500):
    rng = np.random.default_rng(0)
    return rng.standard_normal((size, 3)), rng.exponential(size=size)


def test_the_gaussian_of_weighted_draws_has_their_mean_and_covariance():
    x, w = _draws()
    gaussian = moments(x, w)
    np.testing.assert_allclose(gaussian.mean, np.average(x, axis=0, weights=w))
    wanted = np.cov(x.T, aweights=w, bias=True)
    np.testing.assert_allclose(gaussian.covariance, wanted, rtol=1e-8, atol=1e-9)


def test_units_do_not_matter():
    x, w = _draws()
    units = np.array([1e-8, 1.0, 1e8])
    plain, scaled = moments(x, w), moments(x * units, w)
    np.testing.assert_allclose(scaled.cholesky, plain.cholesky * units[:, None], rtol=1e-9)


@pytest.mark.parametrize("covariance", [np.ones((3, 3)), np.diag([1e-20, 1.0, 0.0])])
def test_a_singular_covariance_has_a_factor(covariance):
    root = factor(covariance)
    np.testing.assert_allclose(root @ root.T, covariance, rtol=1e-8, atol=1e-290)
    assert np.all(np.diag(root) > 0.0)
