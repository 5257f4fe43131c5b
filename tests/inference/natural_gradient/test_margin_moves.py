"""Coordinates bent each by itself, before a flow that is linear in what modulates them."""

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.stats import norm

from fluvial.flows import build_flow
from fluvial.inference.counted_target import CountedTarget
from fluvial.inference.flow_training.sparse_flow import sparse_flow, sparse_spec, widened_hubs
from fluvial.inference.gaussian.diagonal import match_diagonal
from fluvial.inference.natural_gradient.margin_moves import MarginMoves, margins_gain, with_margins
from fluvial.inference.natural_gradient.natural_steps import looked, natural_steps
from fluvial.inference.settings import NaturalSettings
from fluvial.inference.structure.dependence import find_dependence
from fluvial.posterior.diagonal_gaussian import DiagonalGaussian
from fluvial.targets import Target

GROUPS = 60
COUNTS = np.random.default_rng(0).poisson(2.0, GROUPS).astype(float)


def counts(x):
    """Log rates of groups, with a mean of their own."""
    rates = x[1:]
    prior = norm.logpdf(x[0], 0.0, 1.0) + norm.logpdf(rates, x[0], 0.5).sum()
    return prior + (rates * COUNTS - jnp.exp(rates)).sum()


def plain(x):
    return norm.logpdf(x[0]) + norm.logpdf(x[1:], x[0], 0.5).sum()


def linear(log_density):
    """The best sparse flow that is linear."""
    target, rng = Target(log_density, dim=1 + GROUPS), np.random.default_rng(0)
    unit = DiagonalGaussian(np.zeros(target.dim), np.ones(target.dim))
    gaussian = match_diagonal(CountedTarget(target), unit, rng)
    found = find_dependence(CountedTarget(target), gaussian, rng)
    assert found is not None
    flow, gaussian = sparse_flow(found, jax.random.key(0)), widened_hubs(gaussian, found)
    return natural_steps(flow, gaussian, target, rng, enough=1e-3), target, found


def test_bends_gain_what_is_foreseen():
    before, target, found = linear(counts)
    rng = np.random.default_rng(1)
    foreseen = margins_gain(looked(before.flow, before.gaussian, target, rng, 4096))
    after = natural_steps(
        with_margins(before.flow),
        before.gaussian,
        target,
        rng,
        enough=1e-3,
        settings=NaturalSettings(draws=1024),
        move=MarginMoves(),
    )
    assert after.weights.half_variance < 0.3 * before.weights.half_variance
    gained = after.weights.elbo - before.weights.elbo
    assert gained > 0.05
    assert abs(foreseen - gained) < 0.4 * gained + 2.0 * (
        before.weights.elbo_se + after.weights.elbo_se
    )
    spec = sparse_spec(found, margins=True)
    same = build_flow(spec, target.dim, key=jax.random.key(0))
    assert jax.tree.structure(same) == jax.tree.structure(after.flow)


def test_of_what_is_gaussian_nothing_is_foreseen():
    before, target, _ = linear(plain)
    look = looked(before.flow, before.gaussian, target, np.random.default_rng(1))
    assert abs(margins_gain(look)) < 0.05


def test_straight_margins_change_nothing():
    flow = build_flow("sparse,hubs=1,heads=0,width=0", 4, key=jax.random.key(0))
    z = jnp.asarray(np.random.default_rng(0).normal(size=(8, 4)), jnp.float32)
    for bent, straight in zip(
        jax.vmap(with_margins(flow).forward)(z), jax.vmap(flow.forward)(z), strict=True
    ):
        np.testing.assert_allclose(bent, straight, atol=1e-5)
