import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import fluvial
from fluvial.inference.rows.control_variate import ControlVariate, remainder_variance
from fluvial.inference.rows.streamed_climb import Peak
from fluvial.inference.settings import DEFAULT
from fluvial.posterior.gaussian import Gaussian

COUNT = 4096


def log_prior(theta):
    return -0.5 * jnp.sum(theta**2)


def log_likelihood(theta, rows):
    logits = rows["x"] @ theta
    return rows["y"] * logits - jnp.logaddexp(0.0, logits)


@pytest.fixture(scope="module")
def target():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(COUNT, 2))
    y = (rng.uniform(size=COUNT) < 1.0 / (1.0 + np.exp(2.0 - x[:, 0]))).astype(float)
    return fluvial.Target.from_rows(log_prior, log_likelihood, {"x": x, "y": y}, dim=2)


def test_the_estimate_is_unbiased_and_its_variance_is_as_told(target):
    stream = target.streamed
    point = np.array([0.9, 0.05])
    gaussian = Gaussian(point, np.array([[0.1, 0.0], [0.03, 0.1]]))
    peak = Peak(gaussian, point, stream.quadratic(point), True)
    z = np.random.default_rng(1).normal(size=(8, 2))
    exact = target.values(gaussian.color(z)) + gaussian.log_det
    with jax.enable_x64(True):
        whole = ControlVariate.around(stream, peak, gaussian, stream.rows.block(0, COUNT))
        values = jax.vmap(whole.log_prob)(jnp.asarray(z))
        np.testing.assert_allclose(values, exact, rtol=1e-10)
        batches = [stream.rows.block(i, i + 64) for i in range(0, COUNT, 64)]
        found = np.array(
            [[whole.on(batch).log_prob(one) for batch in batches] for one in jnp.asarray(z[:2])]
        )
    np.testing.assert_allclose(found.mean(axis=1), exact[:2], rtol=1e-10)
    told = [remainder_variance(whole, one[None]) / 64 for one in z[:2]]
    np.testing.assert_allclose(found.var(axis=1), told, rtol=0.5)


@pytest.mark.slow
def test_a_flow_trained_on_batches_is_judged_on_all_rows(target):
    rows = dataclasses.replace(
        DEFAULT.rows, few=100, sample=(512, 1024), draws=1024, step_rows=(64, 256), step_draws=16
    )
    posterior = fluvial.fit(
        target,
        flow="realnvp:2,width=8+triangular",
        max_steps=100,
        progress=False,
        settings=dataclasses.replace(DEFAULT, rows=rows),
    )
    assert posterior.verdict is fluvial.Verdict.GOOD
    assert "Each training step saw" in posterior.reasons[-1]
    assert "second-order control variate" in posterior.reasons[-1]
