import dataclasses

import jax.numpy as jnp
import numpy as np
import pytest

import fluvial
from fluvial.inference.settings import DEFAULT

# Thousands of rows are many if all others are fewer still.
QUICK = dataclasses.replace(
    DEFAULT,
    rows=dataclasses.replace(DEFAULT.rows, few=2048, sample=(2048, 8192), draws=1024),
)


def linear(count, dim=3, noise=1.0):
    """A linear regression, whose posterior and evidence are known."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(count, dim)) @ np.array([[1.0, 0.5, 0.0], [0.0, 1.0, 0.5], [0.0, 0.0, 1]])
    y = x @ np.array([1.0, -2.0, 0.5]) + noise * rng.normal(size=count)
    precision = np.eye(dim) + x.T @ x
    mean = np.linalg.solve(precision, x.T @ y)
    log_evidence = 0.5 * (
        mean @ precision @ mean
        - y @ y
        - np.linalg.slogdet(precision)[1]
        - count * np.log(2.0 * np.pi)
    )
    return {"x": x, "y": y}, mean, np.linalg.inv(precision), log_evidence


def log_prior(theta):
    return -0.5 * jnp.sum(theta**2 + jnp.log(2.0 * jnp.pi))


def log_likelihood(theta, rows):
    return -0.5 * ((rows["y"] - rows["x"] @ theta) ** 2 + jnp.log(2.0 * jnp.pi))


@pytest.mark.parametrize("count", [1500, 5000])
def test_a_linear_regression_has_its_exact_posterior(count):
    rows, mean, covariance, log_evidence = linear(count)
    target = fluvial.Target.from_rows(log_prior, log_likelihood, rows, dim=3)
    posterior = fluvial.fit(target, progress=False, settings=QUICK)
    assert posterior.verdict is fluvial.Verdict.GOOD
    sd = np.sqrt(np.diag(covariance))
    draws = posterior.draws(1000)["x"]
    np.testing.assert_allclose((draws.mean(axis=0) - mean) / sd, 0.0, atol=0.1)
    np.testing.assert_allclose(draws.std(axis=0) / sd, 1.0, atol=0.1)
    assert posterior.log_evidence == pytest.approx(log_evidence, abs=0.01)
    assert posterior.target is target


def test_two_modes_of_many_rows_are_both_found():
    rng = np.random.default_rng(0)
    rows = rng.normal(size=5000) * np.sqrt(1.0 + 0.3**2)

    def squared(theta, y):  # of theta only the square is known
        variance = 1.0 + theta[0] ** 2
        return -0.5 * (y**2 / variance + jnp.log(variance))

    target = fluvial.Target.from_rows(lambda t: -0.5 * t[0] ** 2, squared, rows, dim=1)
    posterior = fluvial.fit(target, progress=False, settings=QUICK)
    assert posterior.verdict in (fluvial.Verdict.GOOD, fluvial.Verdict.USE_WEIGHTS)
    draws = posterior.draws(1000)["x"][:, 0]
    assert 0.4 < np.mean(draws > 0) < 0.6
    assert abs(np.abs(draws).mean() - 0.3) < 0.1


def test_what_rows_cannot_tell_apart_is_called_improper():
    rows, *_ = linear(5000)

    def of_sums(theta, rows):
        return -0.5 * (rows["y"] - theta[0] - theta[1]) ** 2

    target = fluvial.Target.from_rows(lambda t: 0.0 * t[0], of_sums, rows, dim=2)
    posterior = fluvial.fit(target, progress=False, settings=QUICK)
    assert posterior.verdict is fluvial.Verdict.FAILED
    assert "improper" in posterior.reasons[0]


def test_time_that_is_up_is_told():
    rows, *_ = linear(5000)
    short = dataclasses.replace(
        QUICK, rows=dataclasses.replace(QUICK.rows, draws=4096, weigh_seconds=0.0, batch=512)
    )
    target = fluvial.Target.from_rows(log_prior, log_likelihood, rows, dim=3)
    posterior = fluvial.fit(target, progress=False, settings=short)
    assert posterior.pool.size == 1024
    assert posterior.verdict is fluvial.Verdict.GOOD  # fewer draws are less precise, no less right
    assert any("Time was up after 1024 draws" in reason for reason in posterior.reasons)
