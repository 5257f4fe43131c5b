"""The Hessian of a mode by differences of scores, whatever the mode's width."""

import jax.numpy as jnp
import numpy as np
import pytest

from fluvial.inference.climbs.laplace import laplace, laplace_or
from fluvial.inference.counted_target import CountedTarget
from fluvial.posterior.gaussian import Gaussian
from fluvial.targets import Target


@pytest.mark.parametrize("width", [1e-5, 0.01, 1.0, 1e3])
def test_the_covariance_of_a_gaussian_is_exact(width):
    factor = width * np.array([[1.0, 0.0, 0.0], [0.9, 0.1, 0.0], [-3.0, 2.0, 20.0]])
    precision = np.linalg.inv(factor @ factor.T)
    target = Target(lambda x: -0.5 * (x - 1.0) @ jnp.asarray(precision) @ (x - 1.0), dim=3)
    fitted = laplace(CountedTarget(target), np.ones(3))
    assert fitted is not None
    np.testing.assert_allclose(
        fitted.cholesky @ fitted.cholesky.T, factor @ factor.T, rtol=1e-3, atol=1e-6 * width**2
    )
    assert np.all(np.diag(fitted.cholesky) > 0.0)


def test_a_saddle_has_none_and_the_other_is_taken():
    counted = CountedTarget(Target(lambda x: x[0] ** 2 - x[1] ** 2, dim=2))
    other = Gaussian(np.zeros(2), np.eye(2))
    assert laplace(counted, np.zeros(2)) is None
    assert laplace_or(counted, np.zeros(2), other) is other


@pytest.mark.parametrize("log_density", [lambda x: -(x[0] ** 2), lambda x: jnp.log(x).sum()])
def test_a_ridge_or_an_edge_has_none(log_density):
    assert laplace(CountedTarget(Target(log_density, dim=2)), np.zeros(2)) is None
