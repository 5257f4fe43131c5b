import jax.numpy as jnp
import numpy as np
import pytest
from jax.scipy.stats import norm

from fluvial.inference.counted_target import CountedTarget
from fluvial.inference.gaussian.conditional import conditional_gaussian
from fluvial.posterior.diagonal_gaussian import DiagonalGaussian
from fluvial.targets import Target

COUNT = 30
Y = np.cumsum(np.random.default_rng(0).normal(size=COUNT)) + 0.5 * np.random.default_rng(1).normal(
    size=COUNT
)


def walk(x):
    """A random walk that is seen with noise: given the log scale of its steps it is Gaussian."""
    steps = jnp.diff(x[1:], prepend=0.0)
    return (
        norm.logpdf(x[0])
        + norm.logpdf(steps, 0, jnp.exp(x[0])).sum()
        + norm.logpdf(Y, x[1:], 0.5).sum()
    )


def log_marginal(log_scale):
    """Of the log scale: the observations are Gaussian given it."""
    lower = np.tril(np.ones((COUNT, COUNT)))
    covariance = np.exp(2 * log_scale) * lower @ lower.T + 0.25 * np.eye(COUNT)
    return float(
        norm.logpdf(log_scale)
        - 0.5 * np.linalg.slogdet(covariance)[1]
        - 0.5 * Y @ np.linalg.solve(covariance, Y)
    )


def test_the_heads_mode_is_that_of_their_marginal_density():
    """The joint density has none: it grows without bound as the steps shrink."""
    start = DiagonalGaussian(np.r_[-1.5, np.zeros(COUNT)], np.full(COUNT + 1, 0.3))
    found = conditional_gaussian(CountedTarget(Target(walk, dim=COUNT + 1)), start, (0,)).gaussian
    grid = np.linspace(-2.0, 2.0, 401)
    values = [log_marginal(a) for a in grid]
    best = int(np.argmax(values))
    curvature = (values[best + 1] - 2 * values[best] + values[best - 1]) / 0.01**2
    assert abs(found.mean[0] - grid[best]) < 0.1
    assert abs(np.log(found.sd[0] * np.sqrt(-curvature))) < 0.2
    lower = np.tril(np.ones((COUNT, COUNT)))
    precision = np.linalg.inv(np.exp(2 * found.mean[0]) * lower @ lower.T) + 4.0 * np.eye(COUNT)
    np.testing.assert_allclose(found.mean[1:], np.linalg.solve(precision, 4.0 * Y), atol=0.02)
    assert np.all(found.sd[1:] >= np.sqrt(np.diag(np.linalg.inv(precision))) - 1e-6)


@pytest.mark.parametrize("begun", [-12.0, 4.0])
def test_from_far_down_a_funnel_it_is_the_same_mode(begun):
    far = DiagonalGaussian(np.r_[begun, np.zeros(COUNT)], np.full(COUNT + 1, 0.3))
    near = DiagonalGaussian(np.r_[-0.2, np.zeros(COUNT)], np.full(COUNT + 1, 0.3))
    counted = CountedTarget(Target(walk, dim=COUNT + 1))
    found, there = (conditional_gaussian(counted, at, (0,)) for at in (far, near))
    assert abs(found.gaussian.mean[0] - there.gaussian.mean[0]) < 0.1
    gained = log_marginal(there.gaussian.mean[0]) - log_marginal(begun)
    assert found.gained - there.gained > 0.9 * gained > 5.0


def test_without_heads_it_is_laplaces_approximation():
    scales = np.geomspace(0.1, 10.0, 5)
    target = Target(lambda x: norm.logpdf(x, 3.0, scales).sum(), dim=5)
    start = DiagonalGaussian(np.zeros(5), np.ones(5))
    found = conditional_gaussian(CountedTarget(target), start, ()).gaussian
    np.testing.assert_allclose(found.mean, 3.0, atol=1e-6)
    np.testing.assert_allclose(found.sd, scales, rtol=1e-4)


def test_where_the_hessian_is_not_finite_there_is_none():
    target = Target(
        lambda x: jnp.where(x[0] > 0.0, jnp.nan * x[0], -(x[0] ** 2)) - x[1] ** 2, dim=2
    )
    start = DiagonalGaussian(np.zeros(2), np.ones(2))
    assert conditional_gaussian(CountedTarget(target), start, ()) is None
