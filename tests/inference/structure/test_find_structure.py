import jax.numpy as jnp
import numpy as np
from jax.scipy.stats import norm

from fluvial.inference.counted_target import CountedTarget
from fluvial.inference.structure.find_structure import find_structure, modulation_basis
from fluvial.posterior.gaussian import Gaussian
from fluvial.targets import Target

DIM = 12
UNIT = Gaussian(np.zeros(DIM), np.eye(DIM))


def funnel_of(head):
    """All other coordinates have the scale e^{x_head}."""

    def log_density(x):
        others = jnp.delete(x, head)
        return norm.logpdf(x[head]) + norm.logpdf(others, 0, jnp.exp(x[head])).sum()

    return CountedTarget(Target(log_density, dim=DIM))


def test_the_scale_of_a_funnel_is_its_head():
    structure = find_structure(funnel_of(7), UNIT, np.random.default_rng(0))
    assert structure.heads == (7,)
    assert structure.influence[0] > 0.8


def test_a_gaussian_has_no_head():
    scales = np.geomspace(0.01, 100.0, DIM)
    counted = CountedTarget(Target(lambda x: norm.logpdf(x, 0, scales).sum(), dim=DIM))
    gaussian = Gaussian(np.zeros(DIM), np.diag(scales))
    assert not len(find_structure(counted, gaussian, np.random.default_rng(0)).heads)


def test_where_gradients_are_not_finite_no_structure_is_claimed():
    counted = CountedTarget(
        Target(lambda x: jnp.where(x[0] > 5.0, 0.0, jnp.nan) * x.sum(), dim=DIM)
    )
    assert not len(find_structure(counted, UNIT, np.random.default_rng(0)).heads)


def test_a_funnels_scales_grow_as_the_exponential_of_its_head():
    basis = modulation_basis(funnel_of(0), np.zeros(DIM), np.eye(DIM), 1, 0)
    np.testing.assert_allclose(basis.slopes, 1.0, atol=1e-5)
    np.testing.assert_allclose(basis.vectors @ basis.vectors.T, np.eye(DIM - 1), atol=1e-12)
