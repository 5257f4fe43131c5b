"""A coordinate's margin, followed outward from where draws are right."""

import jax.numpy as jnp
import numpy as np
import pytest
from jax.scipy.stats import norm

from fluvial.inference.counted_target import CountedTarget
from fluvial.inference.tails.marginal_tails import margin_followed
from fluvial.posterior.diagonal_gaussian import DiagonalGaussian
from fluvial.posterior.gaussian import Gaussian
from fluvial.targets import Target

DIM, SIZE = 40, 4000


def ruled(scale, location):
    """v ~ N(0, 1), and the others given v."""

    def log_density(x):
        v, rest = x[0], x[1:]
        return norm.logpdf(v) + norm.logpdf(rest, location(v), jnp.exp(scale(v))).sum()

    return log_density


def beyond(v):
    return 2.0 * np.maximum(np.abs(v) - 1.5, 0.0)


def beyond_jax(v):
    return 2.0 * jnp.maximum(jnp.abs(v) - 1.5, 0.0)


RULES = {
    "a scale": (ruled(beyond_jax, lambda v: 0.0), lambda v, z: np.exp(beyond(v))[:, None] * z),
    "a location": (ruled(lambda v: 0.0, beyond_jax), lambda v, z: beyond(v)[:, None] + z),
    "nothing": (ruled(lambda v: 0.0, lambda v: 0.0), lambda v, z: z),
}


def drawn(move, cut=np.inf):
    rng = np.random.default_rng(0)
    v = rng.standard_normal(6 * SIZE)
    v = v[np.abs(v) < cut][:SIZE]
    return np.column_stack([v, move(v, rng.standard_normal((SIZE, DIM - 1)))])


def followed(log_density, x, gaussian=None, seed=0):
    gaussian = gaussian or DiagonalGaussian(np.zeros(DIM), np.ones(DIM))
    counted = CountedTarget(Target(log_density, dim=DIM))
    even = np.full(len(x), 1.0 / len(x))
    return margin_followed(counted, gaussian, x, even, 0, np.random.default_rng(seed))


@pytest.mark.parametrize("rule", RULES)
def test_what_draws_lack_beyond_two_standard_deviations_is_found(rule):
    """Of N(0, 1) between ±2 the sd is 0.880: a log of −0.128."""
    log_density, move = RULES[rule]
    margin = followed(log_density, drawn(move, cut=2.0))
    assert 0.05 < margin.log_sd_shift < 0.15
    assert abs(margin.mean_shift) < 0.05


@pytest.mark.parametrize("rule", RULES)
def test_draws_that_are_right_lack_nothing(rule):
    log_density, move = RULES[rule]
    for seed in range(3):
        assert followed(log_density, drawn(move), seed=seed).largest < 0.03


def test_a_margin_of_correlated_coordinates_is_followed_along_its_regression():
    """All others are 0.7 v + noise, and the Gaussian knows of it; v is not the first in it."""
    covariance = 0.49 * np.ones((DIM, DIM)) + 0.51 * np.eye(DIM)
    covariance[0] = covariance[:, 0] = 0.7
    covariance[0, 0] = 1.0
    precision = np.linalg.inv(covariance)
    gaussian = Gaussian(np.zeros(DIM), np.linalg.cholesky(covariance))
    order = np.roll(np.arange(DIM), 1)
    turned = Gaussian(np.zeros(DIM), np.linalg.cholesky(covariance[np.ix_(order, order)]))
    x = gaussian.color(np.random.default_rng(0).standard_normal((SIZE, DIM)))
    near = np.abs(x[:, 0]) < 2.0
    target = CountedTarget(
        Target(lambda x: -0.5 * x @ (precision[np.ix_(order, order)] @ x), dim=DIM)
    )
    shifts = []
    for kept in (np.ones(SIZE, bool), near):
        points, even = x[kept][:, order], np.full(kept.sum(), 1.0 / kept.sum())
        rng = np.random.default_rng(1)
        shifts.append(margin_followed(target, turned, points, even, 1, rng).log_sd_shift)
    assert shifts[0] < 0.03
    assert 0.05 < shifts[1] < 0.15
