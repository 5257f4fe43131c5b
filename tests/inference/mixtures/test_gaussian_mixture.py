import numpy as np
from scipy.special import logsumexp
from scipy.stats import multivariate_normal

from fluvial.inference.mixtures.gaussian_mixture import GaussianMixture, fit_by_em

FACTORS = np.array([[[1.0, 0.0], [0.5, 0.7]], [[0.3, 0.0], [-0.2, 2.0]]])
MIXTURE = GaussianMixture(np.array([0.3, 0.7]), np.array([[0.0, 1.0], [4.0, -2.0]]), FACTORS)


def test_the_density_is_that_of_scipy():
    x = np.random.default_rng(0).normal(scale=3.0, size=(50, 2))
    terms = [
        np.log(w) + multivariate_normal(mean, factor @ factor.T).logpdf(x)
        for w, mean, factor in zip(MIXTURE.weights, MIXTURE.means, FACTORS, strict=True)
    ]
    np.testing.assert_allclose(MIXTURE.log_prob(x), logsumexp(terms, axis=0))


def test_draws_are_those_of_the_mixture():
    x = MIXTURE.sample(np.random.default_rng(1), 40_000)
    np.testing.assert_allclose(x.mean(axis=0), MIXTURE.weights @ MIXTURE.means, atol=0.03)
    second = x[np.argmax(MIXTURE.joint_log_prob(x), axis=0) == 1]
    np.testing.assert_allclose(np.cov(second.T), FACTORS[1] @ FACTORS[1].T, atol=0.1)


def test_em_recovers_what_points_were_drawn_from():
    x = MIXTURE.sample(np.random.default_rng(2), 8000)
    start = GaussianMixture(np.full(2, 0.5), x[[0, -1]], np.stack([2.0 * np.eye(2)] * 2))
    found = fit_by_em(start, x, np.stack([np.eye(2)] * 2), steps=40)
    order = np.argsort(found.means[:, 0])
    np.testing.assert_allclose(found.weights[order], MIXTURE.weights, atol=0.02)
    np.testing.assert_allclose(found.means[order], MIXTURE.means, atol=0.1)
    np.testing.assert_allclose(found.factors[order], FACTORS, atol=0.1)


def test_a_step_of_em_weights_points_by_their_shares_in_the_components():
    x = np.random.default_rng(4).normal(scale=2.0, size=(300, 2))
    joint = MIXTURE.joint_log_prob(x)
    shares = np.exp(joint - logsumexp(joint, axis=0))
    found = fit_by_em(MIXTURE, x, np.stack([np.eye(2)] * 2), steps=1)
    np.testing.assert_allclose(found.weights, shares.mean(axis=1), rtol=1e-9)
    np.testing.assert_allclose(found.means, shares @ x / shares.sum(axis=1)[:, None], rtol=1e-9)


def test_a_component_without_points_neither_moves_nor_collapses():
    x = np.random.default_rng(3).normal(size=(500, 2))
    far = GaussianMixture(np.full(2, 0.5), np.array([[0.0, 0.0], [90.0, 0.0]]), FACTORS)
    found = fit_by_em(far, x, np.stack([np.eye(2)] * 2), steps=5)
    np.testing.assert_array_equal(found.means[1], [90.0, 0.0])
    np.testing.assert_allclose(found.factors[1], np.eye(2), atol=1e-6)
    assert found.weights[1] < 1e-3
