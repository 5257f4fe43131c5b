"""Batch-and-match on targets whose best Gaussian is known."""

import jax.numpy as jnp
import numpy as np
import pytest

from fluvial.inference.climbs.climbing import maximize
from fluvial.inference.counted_target import CountedTarget
from fluvial.inference.gaussian.batch_and_match import batch_and_match
from fluvial.inference.settings import MatchSettings
from fluvial.posterior.gaussian import Gaussian
from fluvial.targets import Target


def gaussian_target(mean, covariance):
    precision = np.linalg.inv(covariance)

    def log_density(x):
        d = x - jnp.asarray(mean, x.dtype)
        return -0.5 * d @ jnp.asarray(precision, x.dtype) @ d

    return Target(log_density, dim=len(mean))


@pytest.mark.parametrize("dim", [1, 3, 40])
def test_a_gaussian_is_found_exactly(dim):
    rng = np.random.default_rng(dim)
    factor = rng.standard_normal((dim, dim)) + 2.0 * np.eye(dim)
    mean, covariance = 5.0 * rng.standard_normal(dim), factor @ factor.T
    counted = CountedTarget(gaussian_target(mean, covariance))
    q = batch_and_match(counted, Gaussian(np.zeros(dim), np.eye(dim)), rng)
    sd = np.sqrt(np.diag(covariance))
    np.testing.assert_allclose((q.mean - mean) / sd, 0.0, atol=0.02)
    found = q.cholesky @ q.cholesky.T
    np.testing.assert_allclose(found / np.outer(sd, sd), covariance / np.outer(sd, sd), atol=0.03)


def scales_of(decades):
    scales = 10.0 ** np.array([-decades, 0.0, decades])
    return scales, gaussian_target(np.array([1.0, 2.0, 3.0]), np.diag(scales**2))


def test_ill_conditioning_does_not_matter():
    scales, target = scales_of(decades=3.0)
    start = Gaussian(np.zeros(3), np.eye(3))
    q = batch_and_match(CountedTarget(target), start, np.random.default_rng(0))
    np.testing.assert_allclose(np.linalg.norm(q.cholesky, axis=1) / scales, 1.0, atol=1e-3)


def test_after_a_climb_it_matters_even_less():
    """From N(0, I) two hundred steps are too few for ten decades; L-BFGS brings the scales."""
    scales, target = scales_of(decades=5.0)
    counted = CountedTarget(target)
    top = maximize(counted, Gaussian(np.zeros(3), np.eye(3)))
    assert top is not None
    q = batch_and_match(counted, top.gaussian, np.random.default_rng(0))
    np.testing.assert_allclose(np.linalg.norm(q.cholesky, axis=1) / scales, 1.0, atol=0.02)


def test_a_density_that_is_finite_on_half_the_space_is_survived():
    def log_density(x):
        return jnp.where(x[0] > 0.0, -x[0] - 0.5 * x[1] ** 2, -jnp.inf)

    counted = CountedTarget(Target(log_density, dim=2))
    q = batch_and_match(counted, Gaussian(np.ones(2), np.eye(2)), np.random.default_rng(0))
    assert np.isfinite(q.cholesky).all()
    assert counted.nonfinite > 0


def test_whitening_undoes_coloring():
    rng = np.random.default_rng(0)
    q = Gaussian(rng.standard_normal(4), np.tril(rng.standard_normal((4, 4))) + 3.0 * np.eye(4))
    z = rng.standard_normal((10, 4))
    np.testing.assert_allclose(q.whiten(q.color(z)), z, atol=1e-12)


def test_the_log_density_is_that_of_scipy():
    from scipy.stats import multivariate_normal

    rng = np.random.default_rng(1)
    q = Gaussian(rng.standard_normal(3), np.tril(rng.standard_normal((3, 3))) + 3.0 * np.eye(3))
    x = rng.standard_normal((5, 3))
    expected = multivariate_normal(q.mean, q.cholesky @ q.cholesky.T).logpdf(x)
    np.testing.assert_allclose(q.log_prob(x), expected, rtol=1e-12)


def test_with_fewer_draws_than_coordinates_the_start_is_kept_if_it_was_better():
    """A funnel in each of 150 pairs: matching 256 scores leads away from N(0, I)."""

    def log_density(x):
        v, y = x[:150], x[150:]
        return -0.5 * jnp.sum((v / 1.5) ** 2 + y**2 * jnp.exp(-v) + v)

    start = Gaussian(np.zeros(300), np.eye(300))
    counted = CountedTarget(Target(log_density, dim=300))
    q = batch_and_match(counted, start, np.random.default_rng(0), MatchSettings(steps=20))
    assert q is start


def test_matching_ends_where_it_gains_nothing_more():
    """Of a skewed density the Gaussian is never right, and is found long before the last step."""
    counted = CountedTarget(Target(lambda x: jnp.sum(x - jnp.exp(0.5 * x)), dim=2))
    batch_and_match(counted, Gaussian(np.zeros(2), np.eye(2)), np.random.default_rng(0))
    assert counted.evaluations < 100 * 32


def test_matching_ends_where_it_is_told_to():
    counted = CountedTarget(Target(lambda x: -jnp.sum(x**4), dim=2))
    seen = []

    def until(x, log_p):
        seen.append(len(x))
        np.testing.assert_allclose(log_p, -np.sum(x**4, axis=1))
        return True

    batch_and_match(
        counted, Gaussian(np.zeros(2), np.eye(2)), np.random.default_rng(0), until=until
    )
    assert seen == [320]
