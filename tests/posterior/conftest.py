"""Posteriors put together by hand, so that what comes after a fit is tested without one."""

import jax.numpy as jnp
import numpy as np
import pytest

import fluvial
from fluvial.posterior.evidence import Evidence
from fluvial.posterior.gaussian import Gaussian
from fluvial.posterior.judgment import Judgment, Verdict
from fluvial.posterior.mixture import GaussianComponent, Mixture
from fluvial.posterior.pool import Pool
from fluvial.posterior.posterior import Posterior
from fluvial.posterior.provenance import Provenance

_GAUSSIAN = Gaussian(np.array([1.0, -2.0]), np.array([[0.5, 0.0], [0.3, 2.0]]))


@pytest.fixture(scope="session")
def jax_target():
    """A target in D = 2 whose own space has a vector, and a scale that is not linear."""

    def log_density(p):
        return -0.5 * jnp.sum(p["x"] ** 2) - 0.5 * p["y"] ** 2

    return fluvial.Target(
        log_density,
        example={"x": np.zeros(1), "y": 0.0},
        constrain=lambda p: {"x": p["x"], "scale": jnp.exp(p["y"])},
    )


@pytest.fixture(scope="session")
def posterior_of():
    """A function that makes a posterior of a target with D = 2."""

    def make(target, components=(), flow="gaussian", size=64, chains=1, verdict="USE_WEIGHTS"):
        components = tuple(components) or (GaussianComponent(_GAUSSIAN),)
        mixture = Mixture(components, np.full(len(components), 1 / len(components)))
        points = mixture.sample(np.random.default_rng(0), size)[0]
        log_weights = np.random.default_rng(1).standard_normal(size) * (chains == 1)
        log_weights -= np.log(np.exp(log_weights).sum())
        pool = Pool(points, target.values(points), log_weights, chains)
        evidence = Evidence(-1.5, 0.1, -np.inf, 0.02, 0.3, np.inf, 50.0)
        provenance = Provenance(flow, 3, {"starts": 0.5, "flow": 2.0}, 1000, 2, False, "0.1.0")
        judgment = Judgment(Verdict(verdict), ("A reason.", "Another – with ü."), "Advice.")
        return Posterior(mixture, pool, evidence, judgment, provenance, target)

    return make
