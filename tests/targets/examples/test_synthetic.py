import math

import numpy as np
import pytest
from scipy import stats

from fluvial.errors import InputError
from fluvial.targets.examples import synthetic
from fluvial.targets.examples.synthetic import banana, funnel, gaussian, mixture, ring, student_t


def test_funnel():
    x = np.random.default_rng(0).normal(size=(5, 4))
    exact = stats.norm.logpdf(x[:, 0], 0, 3)
    exact += stats.norm.logpdf(x[:, 1:], 0, np.exp(x[:, :1] / 2)).sum(axis=1)
    np.testing.assert_allclose(funnel(4).target.values(x), exact, rtol=1e-12)


def test_banana():
    x = np.random.default_rng(0).normal(size=(5, 4)) * [10, 1, 1, 1]
    exact = stats.norm.logpdf(x[:, 0], 0, 10)
    exact += stats.norm.logpdf(x[:, 1], 0.03 * x[:, 0] ** 2 - 3, 1)
    exact += stats.norm.logpdf(x[:, 2:]).sum(axis=1)
    np.testing.assert_allclose(banana(4).target.values(x), exact, rtol=1e-12)


def whitened_draws(name):
    if name == "funnel":
        x = funnel(4).sample(0, 4000)
        return np.column_stack([x[:, 0] / 3, x[:, 1:] / np.exp(x[:, :1] / 2)])
    x = banana(4).sample(0, 4000)
    x[:, 1] -= 0.03 * (x[:, 0] ** 2 - 100)
    return x / [10, 1, 1, 1]


@pytest.mark.parametrize("name", ["funnel", "banana"])
def test_draws_are_transformed_standard_normals(name):
    z = whitened_draws(name)
    assert min(stats.kstest(column, "norm").pvalue for column in z.T) > 1e-3
    np.testing.assert_allclose(np.corrcoef(z.T), np.eye(4), atol=0.06)


def test_mixture():
    x = np.random.default_rng(0).normal(size=(5, 3)) * 4
    weights, scales, angles = [0.6, 0.3, 0.1], [1.0, 0.5, 0.75], 2 * np.pi * np.arange(3) / 3
    density = 0
    for w, s, a in zip(weights, scales, angles, strict=True):
        mean = [6 * np.cos(a), 6 * np.sin(a), 0]
        density += w * stats.multivariate_normal(mean, s**2 * np.eye(3)).pdf(x)
    np.testing.assert_allclose(mixture(3).target.values(x), np.log(density), rtol=1e-10)


def test_mixture_draws_have_the_weights():
    draws = mixture(2).sample(0, 20_000)
    nearest = np.argmax(draws @ [[1, -0.5, -0.5], [0, math.sqrt(0.75), -math.sqrt(0.75)]], axis=1)
    np.testing.assert_allclose(np.bincount(nearest) / 20_000, [0.6, 0.3, 0.1], atol=0.01)


def test_gaussian():
    covariance = np.array([[2.0, 0.5], [0.5, 1.0]])
    built = gaussian(np.array([1.0, -1.0]), covariance)
    x = np.random.default_rng(0).normal(size=(5, 2))
    exact = stats.multivariate_normal([1, -1], covariance).logpdf(x)
    np.testing.assert_allclose(built.target.values(x), exact, rtol=1e-12)
    draws = built.sample(0, 50_000)
    np.testing.assert_allclose(draws.mean(axis=0), [1, -1], atol=0.03)
    np.testing.assert_allclose(np.cov(draws.T), covariance, atol=0.05)


def test_ill_conditioned():
    draws = synthetic.ill_conditioned(5, 1e4).sample(0, 50_000)
    variances = np.linalg.eigvalsh(np.cov(draws.T))
    np.testing.assert_allclose(variances, np.geomspace(1e-2, 1e2, 5), rtol=0.05)


def test_correlated():
    np.testing.assert_allclose(
        np.corrcoef(synthetic.correlated(3).sample(0, 50_000).T)[0, 1:], 0.95, atol=0.005
    )


def test_student_t():
    x = np.random.default_rng(0).normal(size=(5, 3)) * 5
    exact = stats.t(2.5).logpdf(x).sum(axis=1)
    np.testing.assert_allclose(student_t(3).target.values(x), exact, rtol=1e-12)


@pytest.mark.parametrize(("radius", "scale"), [(3.0, 0.1), (1.0, 0.8)])
def test_ring(radius, scale):
    built = ring(radius, scale)
    r = np.linspace(0, radius + 12 * scale, 200_001)
    density = 2 * math.pi * r * np.exp(-0.5 * ((r - radius) / scale) ** 2)
    assert built.log_evidence == pytest.approx(math.log(np.trapezoid(density, r)), abs=1e-9)
    draws = built.sample(0, 50_000)
    mean = np.trapezoid(r * density, r) / np.trapezoid(density, r)
    assert np.hypot(*draws.T).mean() == pytest.approx(mean, rel=0.01)
    np.testing.assert_allclose(draws.mean(axis=0), 0, atol=0.05)
    _, gradient = built.target.value_and_grad(np.zeros((1, 2)))
    np.testing.assert_array_equal(gradient, 0)


@pytest.mark.parametrize("build", [funnel, banana, mixture, synthetic.ill_conditioned])
def test_one_dimension_is_too_few(build):
    with pytest.raises(InputError, match="dim is 1: give at least 2"):
        build(1)


def test_wrong_arguments():
    with pytest.raises(InputError, match="2 weights but 3 scales"):
        mixture(2, weights=(0.5, 0.5))
    with pytest.raises(InputError, match="not positive definite"):
        gaussian(np.zeros(2), np.array([[1.0, 2.0], [2.0, 1.0]]))
