"""Groups with coordinates of their own among many rows: structure in the place of training."""

import dataclasses

import jax.numpy as jnp
import numpy as np
from scipy.special import logsumexp

import fluvial
from fluvial.inference.settings import DEFAULT

GROUPS, ROWS = 60, 2400
RNG = np.random.default_rng(1)
GROUP = np.repeat(np.arange(GROUPS), ROWS // GROUPS)
COUNT = RNG.poisson(np.exp(0.2 + 0.5 * RNG.normal(size=GROUPS))[GROUP])
# Few rows are enough to stream if all others are even fewer.
STREAMED = dataclasses.replace(
    DEFAULT, rows=dataclasses.replace(DEFAULT.rows, few=256, sample=(512, 1024), draws=2048)
)


def log_prior(p):
    wide = p["log_tau"] ** 2 + p["mu"] ** 2
    z = (p["u"] - p["mu"]) * jnp.exp(-p["log_tau"])
    return -0.5 * wide - jnp.sum(0.5 * z**2 + p["log_tau"])


def log_likelihood(p, rows):
    eta = p["u"][rows["group"]]
    return rows["count"] * eta - jnp.exp(eta)


def exact():
    """The mean and sd of log_tau and mu: groups integrated, both on a grid."""
    total, each = np.bincount(GROUP, COUNT, GROUPS), ROWS // GROUPS
    tau, mu = np.meshgrid(np.linspace(-1.6, 0.2, 61), np.linspace(-0.4, 0.8, 41), indexing="ij")
    nodes, weights = np.polynomial.hermite_e.hermegauss(40)
    u = mu[..., None, None] + np.exp(tau)[..., None, None] * nodes
    terms = total[:, None] * u - each * np.exp(u) + np.log(weights)
    log_p = np.sum(logsumexp(terms, axis=-1), axis=-1) - 0.5 * (tau**2 + mu**2)
    p = np.exp(log_p - log_p.max())
    p /= p.sum()
    means = [np.sum(p * a) for a in (tau, mu)]
    sds = [np.sqrt(np.sum(p * (a - m) ** 2)) for a, m in zip((tau, mu), means, strict=True)]
    return np.array(means), np.array(sds)


def test_a_poisson_regression_with_many_groups_is_right_without_training():
    example = {"log_tau": 0.0, "mu": 0.0, "u": np.zeros(GROUPS)}
    rows = {"group": GROUP, "count": COUNT}
    target = fluvial.Target.from_rows(log_prior, log_likelihood, rows, example=example)
    posterior = fluvial.fit(target, progress=False, settings=STREAMED)
    assert posterior.verdict is fluvial.Verdict.GOOD
    assert "sparse" in posterior.provenance.flow
    assert posterior.structure is not None
    assert set(posterior.structure.heads) <= {0, 1}
    weights = np.exp(posterior.pool.log_weights)
    x = posterior.pool.points[:, :2]
    mean, sd = exact()
    found = weights @ x
    np.testing.assert_allclose((found - mean) / sd, 0.0, atol=0.1)
    spread = np.sqrt(weights @ (x - found) ** 2)
    np.testing.assert_allclose(np.log(spread / sd), 0.0, atol=0.1)
