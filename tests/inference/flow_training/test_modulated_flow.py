import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.stats import norm

from fluvial.inference.counted_target import CountedTarget
from fluvial.inference.flow_training.modulated_flow import modulated_flow, modulated_spec
from fluvial.inference.gaussian.batch_and_match import batch_and_match
from fluvial.inference.natural_gradient.modulated_steps import modulated_steps
from fluvial.inference.structure.find_structure import find_structure
from fluvial.objectives import Importance
from fluvial.posterior.gaussian import Gaussian
from fluvial.posterior.mixture import FlowComponent, GaussianComponent
from fluvial.targets import Target

GROUPS = 12
S = np.random.default_rng(0).uniform(0.5, 2.0, GROUPS)
Y = 1.0 + np.random.default_rng(1).normal(size=GROUPS) * np.hypot(0.8, S)


def hierarchy(x):
    mu, log_tau, theta = x[0], x[1], x[2:]
    prior = norm.logpdf(mu, 0, 5) + norm.logpdf(log_tau)
    return prior + (norm.logpdf(theta, mu, jnp.exp(log_tau)) + norm.logpdf(Y, theta, S)).sum()


def elbo(counted, component):
    x, log_q = component.sample_and_log_prob(
        np.random.default_rng(2).standard_normal((4096, counted.dim))
    )
    return Importance(counted.values(x) - log_q).elbo


def half_variance(counted, component):
    x, log_q = component.sample_and_log_prob(
        np.random.default_rng(2).standard_normal((4096, counted.dim))
    )
    return Importance(counted.values(x) - log_q).half_variance


def test_the_flow_of_a_hierarchy_starts_nearer_than_the_gaussian_that_whitens_it():
    """Its bases and slopes are those of the target before any training."""
    counted, rng = CountedTarget(Target(hierarchy, dim=GROUPS + 2)), np.random.default_rng(0)
    unit = Gaussian(np.zeros(counted.dim), np.eye(counted.dim))
    gaussian = batch_and_match(counted, unit, rng)
    structure = find_structure(counted, gaussian, rng)
    assert structure.heads[0] == 1
    assert modulated_spec(len(structure.heads)).startswith("modulated:")
    flow = modulated_flow(counted, gaussian, structure.heads, jax.random.key(0))
    started = half_variance(counted, FlowComponent(flow, gaussian))
    assert started < 0.8 * half_variance(counted, GaussianComponent(gaussian))


def test_natural_steps_bring_its_first_layer_nearer():
    target, rng = Target(hierarchy, dim=GROUPS + 2), np.random.default_rng(0)
    counted = CountedTarget(target)
    unit = Gaussian(np.zeros(counted.dim), np.eye(counted.dim))
    gaussian = batch_and_match(counted, unit, rng)
    for heads in ([1], [1, 0]):
        flow = modulated_flow(counted, gaussian, heads, jax.random.key(0))
        stepped = modulated_steps(flow, gaussian, target, rng, enough=0.01)
        before = elbo(counted, FlowComponent(flow, gaussian))
        assert elbo(counted, FlowComponent(stepped.flow, gaussian)) > before


def test_coordinates_that_are_all_but_equal_need_no_covariance_to_be_whitened():
    """That matrix, with a condition number of 1e20, has no Cholesky factor in float64."""
    factor = np.eye(4)
    factor[3] = [1.0, 1.0, 1.0, 1e-10]
    counted = CountedTarget(Target(lambda x: -0.5 * jnp.sum(x**2), dim=4))
    flow = modulated_flow(counted, Gaussian(np.zeros(4), factor), [3], jax.random.key(0))
    x, log_det = flow.forward(jnp.arange(4.0))
    assert np.isfinite(x).all()
    assert np.isfinite(log_det)
