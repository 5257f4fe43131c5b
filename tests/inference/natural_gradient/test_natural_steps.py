"""Scales and shifts of a sparse flow, found in a few batches."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.scipy.stats import norm

from fluvial.inference.counted_target import CountedTarget
from fluvial.inference.flow_training.sparse_flow import sparse_flow, widened_hubs, with_networks
from fluvial.inference.gaussian.diagonal import match_diagonal
from fluvial.inference.natural_gradient.absorbing import absorbed
from fluvial.inference.natural_gradient.natural_moves import moved
from fluvial.inference.natural_gradient.natural_steps import looked, natural_steps
from fluvial.inference.structure.dependence import find_dependence
from fluvial.objectives import Importance
from fluvial.posterior.diagonal_gaussian import DiagonalGaussian
from fluvial.posterior.mixture import FlowComponent
from fluvial.targets import Target

COUNT = 20


def pairs(x):
    """Each scale has its own coordinate."""
    v, y = x[:COUNT], x[COUNT:]
    return norm.logpdf(v, 1.0, 2.0).sum() + norm.logpdf(y, 0, jnp.exp(0.5 * v)).sum()


def groups(x):
    """The first two are the mean and the log scale of all others."""
    scaled = norm.logpdf(x[2:], x[0], jnp.exp(x[1])).sum()
    return norm.logpdf(x[0], 3.0, 1.0) + norm.logpdf(x[1], 0.0, 0.3) + scaled


def started(log_density, dim):
    target, rng = Target(log_density, dim=dim), np.random.default_rng(0)
    counted = CountedTarget(target)
    unit = DiagonalGaussian(np.zeros(dim), np.ones(dim))
    gaussian = match_diagonal(counted, unit, rng)
    found = find_dependence(counted, gaussian, rng)
    assert found is not None
    flow = sparse_flow(found, jax.random.key(0))
    return target, flow, widened_hubs(gaussian, found), found


def weights(target, flow, gaussian):
    rng = np.random.default_rng(1)
    x, log_q = FlowComponent(flow, gaussian).sample_and_log_prob(
        rng.standard_normal((2048, target.dim))
    )
    return Importance(target.values(x) - log_q)


@pytest.mark.parametrize(("log_density", "dim"), [(pairs, 2 * COUNT), (groups, 2 * COUNT)])
def test_a_few_batches_find_what_is_linear_in_heads(log_density, dim):
    target, flow, gaussian, _ = started(log_density, dim)
    rng = np.random.default_rng(0)
    stepped = natural_steps(flow, gaussian, target, rng, enough=0.02)
    assert stepped.evaluations < 10_000
    assert not stepped.interrupted
    assert abs(weights(target, stepped.flow, stepped.gaussian).elbo) < 0.1


def test_ctrl_c_leaves_the_best_flow_so_far():
    target, flow, gaussian, _ = started(pairs, 2 * COUNT)

    def stop(evaluations, elbo):
        raise KeyboardInterrupt

    before = weights(target, flow, gaussian).elbo
    rng = np.random.default_rng(0)
    stepped = natural_steps(flow, gaussian, target, rng, enough=0.02, on_step=stop)
    assert stepped.interrupted
    assert weights(target, stepped.flow, stepped.gaussian).elbo > before


def test_what_is_handed_to_the_gaussian_is_taken_from_the_flow():
    target, flow, gaussian, _ = started(groups, 2 * COUNT)
    rng = np.random.default_rng(0)
    look = looked(flow, gaussian, target, rng)
    turned = moved(flow, look, 1.0)
    same, wider = absorbed(turned, gaussian)
    # Near the middle, as what is far out for the one is not for the other, and bounds bend it.
    base = 0.5 * rng.standard_normal((16, target.dim))
    points, _ = FlowComponent(turned, gaussian).sample_and_log_prob(base)
    np.testing.assert_allclose(
        FlowComponent(same, wider).log_prob(points),
        FlowComponent(turned, gaussian).log_prob(points),
        atol=0.1,
    )
    assert not np.allclose(wider.sd, gaussian.sd)


@pytest.mark.parametrize("log_density", [pairs, groups])
def test_networks_and_tails_change_nothing_before_they_are_trained(log_density):
    target, flow, gaussian, found = started(log_density, 2 * COUNT)
    rng = np.random.default_rng(0)
    flow = moved(flow, looked(flow, gaussian, target, rng), 1.0)
    wider = with_networks(flow, found, jax.random.key(1))
    base = rng.standard_normal((16, target.dim))
    for plain, networked in zip(
        FlowComponent(flow, gaussian).sample_and_log_prob(base),
        FlowComponent(wider, gaussian).sample_and_log_prob(base),
        strict=True,
    ):
        np.testing.assert_allclose(networked, plain, rtol=1e-5)
    assert len(wider.flows) == len(flow.flows) + 1
