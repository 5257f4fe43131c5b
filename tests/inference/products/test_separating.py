"""Coordinates in which a density is a product."""

import jax.numpy as jnp
import numpy as np
import pytest
from jax.scipy.special import logsumexp
from jax.scipy.stats import norm

from fluvial.inference.climbs.climbing import climb_from
from fluvial.inference.counted_target import CountedTarget
from fluvial.inference.products.separating import separate
from fluvial.targets import Target

DIM = 6
MEANS = np.array([[-4.0, 3.0], [-3.0, 4.0], [-2.0, 5.0], [-5.0, 1.0]])


def wells(y):
    """A double well in every other coordinate."""
    return jnp.sum(-(y[::2] ** 4) + 5.0 * y[::2] ** 2 + 0.3 * y[::2]) - 0.5 * jnp.sum(y[1::2] ** 2)


def mixtures(y):
    """Two modes of one width in each of four coordinates: Hessians differ only where they meet."""
    each = logsumexp(norm.logpdf(y[:4, None], MEANS.astype(y.dtype), 0.5), axis=1)
    return jnp.sum(each) - 0.5 * jnp.sum(y[4:] ** 2)


def mixed(rng):
    """A matrix that turns, stretches, and turns again."""
    turns = [np.linalg.qr(rng.standard_normal((DIM, DIM)))[0] for _ in range(2)]
    return turns[0] * np.exp(rng.uniform(-1.0, 1.0, DIM)) @ turns[1]


def separated(log_density):
    counted = CountedTarget(Target(log_density, DIM))
    starts = np.random.default_rng(0).uniform(-6.0, 6.0, (16, DIM))
    return separate(counted, starts, climb_from(counted, starts))


@pytest.mark.parametrize("product", [wells, mixtures])
def test_a_product_in_other_coordinates_is_one_in_those_that_are_found(product):
    matrix = mixed(np.random.default_rng(1))
    undoing = np.linalg.inv(matrix)
    found = separated(lambda x: product(undoing.astype(x.dtype) @ x))
    assert found is not None
    assert len(set(found.labels)) == DIM
    between = np.abs(undoing @ found.basis.matrix)
    several = [0, 2, 4] if product is wells else [0, 1, 2, 3]
    for row in between[several]:
        assert np.sort(row)[-2] < 1e-6 * row.max()


def test_a_density_that_is_a_product_in_no_coordinates_is_none():
    coupling = mixed(np.random.default_rng(2))
    assert (
        separated(lambda x: wells(x) - jnp.sum(jnp.sin(coupling.astype(x.dtype) @ x) ** 2)) is None
    )
