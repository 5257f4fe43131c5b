import jax.numpy as jnp
import numpy as np
import pytest
from jax.scipy.stats import norm

from fluvial.inference.checks.collapse import collapse_complaint
from fluvial.inference.counted_target import CountedTarget
from fluvial.inference.gaussian.batch_and_match import batch_and_match
from fluvial.inference.settings import DEFAULT
from fluvial.posterior.gaussian import Gaussian
from fluvial.targets import Target

Y = np.array([0.3, -0.2, 0.9, 0.1, -0.5])


def groups(log_prior):
    """Centered groups with a scale e^t: effects given it, and data."""

    def log_density(x):
        t, effects = x[0], x[1:]
        return (
            log_prior(t) + norm.logpdf(effects, 0, jnp.exp(t)).sum() + norm.logpdf(Y, effects).sum()
        )

    return Target(log_density, dim=1 + len(Y))


def sum_to_zero(log_prior):
    """K effects with K - 1 coordinates, as N(0, s²) each: one e^-t too many."""

    def log_density(x):
        t, effects = x[0], jnp.append(x[1:], -jnp.sum(x[1:]))
        return (
            log_prior(t) + norm.logpdf(effects, 0, jnp.exp(t)).sum() + norm.logpdf(Y, effects).sum()
        )

    return Target(log_density, dim=len(Y))


def complaint(target):
    counted, rng = CountedTarget(target), np.random.default_rng(0)
    start = Gaussian(np.zeros(target.dim), np.eye(target.dim))
    return collapse_complaint(counted, batch_and_match(counted, start, rng), rng, DEFAULT)


IMPROPER = {
    "p(s) ∝ 1/s": groups(lambda t: 0.0),
    "a flat prior on s where the effects sum to zero": sum_to_zero(lambda t: t),
}
PROPER = {
    "half-Cauchy": groups(lambda t: t - jnp.logaddexp(0.0, 2 * t)),
    "a flat prior on s up to a thousand": groups(
        lambda t: jnp.where(t < jnp.log(1000.0), t, -jnp.inf)
    ),
    "inverse gamma (0.01, 0.01)": groups(lambda t: -0.02 * t - 0.01 * jnp.exp(-2 * t)),
    "half-Cauchy where the effects sum to zero": sum_to_zero(
        lambda t: 2 * t - jnp.logaddexp(0.0, 2 * t)
    ),
    "Student-t with three degrees of freedom": Target(
        lambda x: -(3 + 4) / 2 * jnp.log1p(jnp.sum(x**2) / 3), dim=4
    ),
}


@pytest.mark.parametrize("name", IMPROPER)
def test_a_neck_without_an_end_is_found_and_named(name):
    found = complaint(IMPROPER[name])
    assert found is not None
    assert "x[0]" in found


@pytest.mark.parametrize("name", PROPER)
def test_what_can_be_normalized_is_left_alone(name):
    assert complaint(PROPER[name]) is None
