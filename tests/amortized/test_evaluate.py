import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.stats

from fluvial.amortized import DLGM
from fluvial.amortized.evaluate import bounds, log_likelihoods
from fluvial.amortized.networks import Linear

A = np.array([[1.0, 0.5, -0.3, 0.8], [0.2, -1.0, 0.7, 0.1]])
NOISE = 0.6


class LinearGaussian(eqx.Module):
    """Probabilistic PCA, whose ln p(x) and posterior are known."""

    matrix: jax.Array

    def __call__(self, z):
        return jnp.concatenate([z @ self.matrix, jnp.full(4, float(np.log(NOISE)))])


class Same(eqx.Module):
    def __call__(self, x):
        return x


@pytest.fixture
def pca():
    """A model, the exact ln p(x) of its data, and the data."""
    noise = 7.0 * np.tanh(np.log(NOISE) / 7.0)  # as scales are bounded
    variance = A.T @ A + np.exp(2 * noise) * np.eye(4)
    exact = scipy.stats.multivariate_normal(np.zeros(4), variance)
    x = exact.rvs(30, random_state=0)
    decoder = LinearGaussian(jnp.asarray(A, jnp.float32))
    dlgm = DLGM(4, 2, likelihood="gaussian", encoder=Same(), decoder=decoder)
    # The posterior's mean is linear in x; its scales, below, are not those of a diagonal.
    precision = np.eye(2) + A @ A.T / np.exp(2 * noise)
    gain = np.linalg.solve(precision, A) / np.exp(2 * noise)
    scales = np.log(1 / np.sqrt(np.diag(precision)))
    layer = Linear(4, 4, key=jax.random.key(0))
    W = jnp.asarray(np.vstack([gain, np.zeros((2, 4))]).T, jnp.float32)
    b = jnp.asarray(np.concatenate([np.zeros(2), scales]), jnp.float32)
    layer = eqx.tree_at(lambda a: (a.W, a.b), layer, (W, b))
    dlgm = eqx.tree_at(lambda d: d.inference.gaussian, dlgm, layer)
    return dlgm, exact.logpdf(x), x.astype(np.float32)


def test_log_likelihood_is_exact_for_a_linear_model(pca):
    dlgm, exact, x = pca
    found = log_likelihoods(dlgm, x, 5000, jax.random.key(0))
    np.testing.assert_allclose(found, exact, atol=0.1)
    np.testing.assert_allclose(found.mean(), exact.mean(), atol=0.01)


def test_the_bound_is_below_by_the_divergence(pca):
    dlgm, exact, x = pca
    variance = np.linalg.inv(np.eye(2) + A @ A.T / np.exp(14 * np.tanh(np.log(NOISE) / 7)))
    q = 1 / np.diag(np.linalg.inv(variance))
    # of two Gaussians of one mean
    divergence = 0.5 * (np.trace(np.diag(q) @ np.linalg.inv(variance)) - 2)
    divergence += 0.5 * (np.linalg.slogdet(variance)[1] - np.log(q).sum())
    found = bounds(dlgm, x, 2000, jax.random.key(0))
    np.testing.assert_allclose(exact.mean() - found.mean(), divergence, rtol=0.1)


def test_blocks_of_rows_and_samples_change_nothing(pca, monkeypatch):
    dlgm, exact, x = pca
    monkeypatch.setattr("fluvial.amortized.evaluate._ROWS", 8)
    monkeypatch.setattr("fluvial.amortized.evaluate._SAMPLES", 700)
    found = log_likelihoods(dlgm, x, 3000, jax.random.key(0))
    assert found.shape == (30,)
    np.testing.assert_allclose(found, exact, atol=0.1)


def test_more_samples_raise_it(pca):
    dlgm, _, x = pca
    one, many = (log_likelihoods(dlgm, x, s, jax.random.key(0)).mean() for s in (1, 500))
    assert one < many


def test_a_sum_that_overflows_float32_is_still_right(pca):
    """Log weights of -800 underflow in float32 unless the largest is taken out first."""
    dlgm, _, x = pca
    far = x + 100.0
    found = log_likelihoods(dlgm, far, 50, jax.random.key(0))
    assert np.isfinite(found).all()
    assert found.max() < -800
