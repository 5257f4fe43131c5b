"""A fit that begins again, since its groups' integrals need more nodes."""

import dataclasses

import jax.numpy as jnp
import numpy as np
import pytest
from scipy.special import logsumexp

import fluvial
from fluvial.inference.settings import DEFAULT

GROUPS, EACH = 400, 3
STREAMED = dataclasses.replace(
    DEFAULT,
    rows=dataclasses.replace(DEFAULT.rows, few=256, checked_groups=(8, 64), checked_draws=2),
)


def rare_counts():
    """Most groups have no event, so that their latents have a plateau with one edge."""
    rng = np.random.default_rng(0)
    u = -2.0 + 3.0 * rng.normal(size=(GROUPS, 1))
    return rng.poisson(np.exp(u), (GROUPS, EACH)).astype(float)


def exact(counts):
    """Means and sds of log_tau and mu, and the log evidence: all on grids."""
    total = counts.sum(axis=1)
    known, where = np.unique(total, return_inverse=True)
    times = np.bincount(where)
    log_tau, mu = np.meshgrid(np.linspace(0.6, 1.6, 61), np.linspace(-3.5, -0.5, 61), indexing="ij")
    z = np.linspace(-9.0, 9.0, 2001)
    u = mu[..., None] + np.exp(log_tau)[..., None] * z
    weight = -0.5 * z**2 - 0.5 * np.log(2.0 * np.pi) + np.log(z[1] - z[0])
    log_p = -0.5 * (mu**2 + log_tau**2) - np.log(2.0 * np.pi)
    for one, count in zip(known, times, strict=True):
        log_p = log_p + count * logsumexp(one * u - EACH * np.exp(u) + weight, axis=-1)
    area = (log_tau[1, 0] - log_tau[0, 0]) * (mu[0, 1] - mu[0, 0])
    p = np.exp(log_p - logsumexp(log_p))
    means = [np.sum(p * a) for a in (log_tau, mu)]
    sds = [np.sqrt(np.sum(p * (a - m) ** 2)) for a, m in zip((log_tau, mu), means, strict=True)]
    return np.array(means), np.array(sds), float(logsumexp(log_p) + np.log(area))


@pytest.mark.slow
def test_a_fit_whose_groups_need_more_nodes_begins_again_and_is_right():
    counts = rare_counts()
    target = fluvial.Target.from_groups(
        lambda p: -0.5 * (p["mu"] ** 2 + p["log_tau"] ** 2) - jnp.log(2.0 * jnp.pi),
        lambda p, u: (
            -0.5 * ((u[0] - p["mu"]) * jnp.exp(-p["log_tau"])) ** 2
            - p["log_tau"]
            - 0.5 * jnp.log(2.0 * jnp.pi)
        ),
        lambda p, u, y: y * u[0] - jnp.exp(u[0]),
        counts.ravel(),
        np.repeat(np.arange(GROUPS), EACH),
        example={"mu": 0.0, "log_tau": 0.0},
    )
    posterior = fluvial.fit(target, progress=False, settings=STREAMED)
    assert posterior.verdict in (fluvial.Verdict.GOOD, fluvial.Verdict.USE_WEIGHTS)
    said = " ".join(posterior.reasons)
    assert "by quadrature with 25" in said or "by quadrature with 79" in said
    mean, sd, log_evidence = exact(counts)
    weights, x = np.exp(posterior.pool.log_weights), posterior.pool.points
    found = weights @ x
    np.testing.assert_allclose((found - mean) / sd, 0.0, atol=0.1)
    spread = np.sqrt(weights @ (x - found) ** 2)
    np.testing.assert_allclose(np.log(spread / sd), 0.0, atol=0.1)
    assert abs(posterior.log_evidence - log_evidence) < 0.1
