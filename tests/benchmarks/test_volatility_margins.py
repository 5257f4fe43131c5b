import numpy as np
from scipy.stats import norm

from benchmarks.volatility_margins import log_posterior


def test_two_states_are_integrated_out():
    """By a sum over a grid: h_0 ~ N(μ, σ²/(1 - φ²)), h_1 ~ N(μ + φ (h_0 - μ), σ²)."""
    theta, returns = np.array([-0.5, 1.2, -0.3]), np.array([0.4, -1.5])
    mu, phi, sigma = theta[0], np.tanh(theta[1]), np.exp(theta[2])
    h = np.linspace(-9.0, 9.0, 601)
    first = norm.pdf(h, mu, sigma / np.sqrt(1.0 - phi**2)) * norm.pdf(returns[0], 0, np.exp(h / 2))
    second = norm.pdf(h, mu + phi * (h[:, None] - mu), sigma)
    inner = second @ norm.pdf(returns[1], 0, np.exp(h / 2)) * (h[1] - h[0])
    prior = norm.pdf(mu, 0, 2) * norm.pdf(theta[1], 1.5, 0.7) * norm.pdf(theta[2], -1.5, 0.7)
    exact = np.log(prior * first @ inner * (h[1] - h[0]))
    found = log_posterior(theta, returns, np.random.default_rng(0), 20_000)
    np.testing.assert_allclose(found, exact, atol=5e-3)
