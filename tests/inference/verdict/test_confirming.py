"""Whether chains confirm weights that have a heavy tail."""

import jax.numpy as jnp
import numpy as np
import pytest
from jax.scipy.special import logsumexp
from jax.scipy.stats import norm

from fluvial.devices import Devices
from fluvial.inference.chains.chains import Chains
from fluvial.inference.counted_target import CountedTarget
from fluvial.inference.run import Run
from fluvial.inference.settings import DEFAULT
from fluvial.inference.verdict.confirming import confirmed_by
from fluvial.inference.verdict.weighing import with_own_draws
from fluvial.posterior.gaussian import Gaussian
from fluvial.posterior.mixture import GaussianComponent, Mixture
from fluvial.progress import Progress
from fluvial.targets import Target

WIDE, SCALE, FAR = 0.03, 2.5, 12.0


def said(*, far=0.0, mean=0.0, rhat=1.0, missing_mass=0.0, dim=3):
    """Ask chains about draws of N(0, I) for a target that is wider in 3 % of its mass.

    Args:
        far: the share of the chains' draws that are where none of N(0, I) are.
        mean: by which these are off, in a coordinate.
        rhat: of the chains.
        missing_mass: that a search has found.
        dim: D.
    """

    def log_density(x):
        both = norm.logpdf(x).sum(), norm.logpdf(x, 0.0, SCALE).sum()
        return logsumexp(jnp.stack(both) + jnp.log(jnp.array([1.0 - WIDE, WIDE])))

    rng = np.random.default_rng(0)
    run = Run(
        CountedTarget(Target(log_density, dim=dim)),
        "auto",
        False,
        0,
        100,
        DEFAULT,
        rng,
        Progress(shown=False),
        Devices(every=False),
    )
    unit = GaussianComponent(Gaussian(np.zeros(dim), np.eye(dim)))
    fitted, drawn = with_own_draws(Mixture((unit,), np.ones(1)), run)
    x = rng.standard_normal((32, 256, dim)) * np.where(rng.random((32, 256, 1)) < WIDE, SCALE, 1.0)
    x[..., 0] += mean
    x[rng.random((32, 256)) < far] = FAR
    log_p = run.counted.values(x.reshape(-1, dim)).reshape(32, 256)
    chains = [Chains(x, log_p, rhat, 4000.0, 0.8, 0)]
    return confirmed_by(run, fitted, drawn, chains, missing_mass)


def test_chains_that_find_the_same_confirm_weights():
    sentence = said()
    assert sentence is not None
    assert "confirm them" in sentence


@pytest.mark.parametrize(
    "contradiction",
    [{"far": 0.05}, {"mean": 0.2}, {"rhat": 1.1}, {"missing_mass": 0.03}, {"dim": 21}],
)
def test_what_contradicts_or_does_not_tell_confirms_nothing(contradiction):
    assert said(**contradiction) is None
