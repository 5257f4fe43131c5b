"""Densities that are products, whose modes are too many to be listed."""

import jax.numpy as jnp
import numpy as np
import pytest
from jax.scipy.special import logsumexp
from jax.scipy.stats import norm
from scipy.special import ndtr

import fluvial
from fluvial.inference.products.margin_integrals import margin_of
from fluvial.posterior.judgment import Verdict
from fluvial.targets import Target

GRID = np.linspace(-4.0, 4.0, 8001)


def well(x):
    return -(x**4) + 5.0 * x**2 + 0.3 * x


def wells(x):
    """A double well in every other coordinate."""
    return jnp.sum(well(x[::2])) - 0.5 * jnp.sum(x[1::2] ** 2)


def test_a_margin_of_two_wells_and_nothing_between_is_mapped_from_a_normal():
    log_p = np.logaddexp(-50.0 * (GRID - 2.0) ** 2, -50.0 * (GRID + 1.0) ** 2 + 1.0)
    margin = margin_of(GRID, log_p)
    assert margin is not None
    p = np.exp(log_p)
    below = (np.cumsum(p) - 0.5 * p) / p.sum()
    at = margin.middle + margin.scale * margin.x
    off = ndtr(margin.z) - np.interp(at, GRID, below)
    assert np.max(np.abs(off)) < 1e-3


def test_a_margin_that_the_grid_is_too_coarse_for_is_none():
    assert margin_of(GRID[::2000], -0.5 * GRID[::2000] ** 2) is None


def test_a_product_of_wells_is_right_and_trusted_and_can_be_saved(tmp_path):
    dim = 20
    posterior = fluvial.fit(Target(wells, dim), progress=False)
    assert posterior.verdict is Verdict.GOOD
    assert "product of 20 factors" in " ".join(posterior.reasons)
    weights = np.exp(well(GRID))
    log_z = np.log(weights.sum() * (GRID[1] - GRID[0]))
    weights /= weights.sum()
    mean = weights @ GRID
    x = posterior.draws(20_000)["x"]
    np.testing.assert_allclose(x.mean(axis=0), np.tile([mean, 0.0], dim // 2), atol=0.05)
    sd = np.tile([np.sqrt(weights @ (GRID - mean) ** 2), 1.0], dim // 2)
    np.testing.assert_allclose(x.std(axis=0), sd, rtol=0.04)
    exact = dim // 2 * (log_z + 0.5 * np.log(2.0 * np.pi))
    assert abs(posterior.log_evidence - exact) < 0.02
    posterior.save(tmp_path / "saved")
    again = fluvial.load(tmp_path / "saved")
    assert isinstance(again, fluvial.Posterior)
    points = posterior.pool.points[:5]
    np.testing.assert_allclose(again.log_prob(points), posterior.log_prob(points))


@pytest.mark.slow
def test_a_product_of_wells_and_pairs_in_other_coordinates_is_right_and_trusted(tmp_path):
    pairs, dim = 3, 10
    rng = np.random.default_rng(3)
    turn = np.linalg.qr(rng.standard_normal((dim, dim)))[0]
    means = rng.uniform(-5.0, 5.0, (pairs, 3, 2))

    def log_density(x):
        y = turn.T.astype(x.dtype) @ x
        groups = y[: 2 * pairs].reshape(pairs, 1, 2)
        each = logsumexp(norm.logpdf(groups, means.astype(x.dtype), 0.7).sum(axis=2), axis=1)
        return jnp.sum(each) - pairs * np.log(3.0) + wells(y[2 * pairs :])

    posterior = fluvial.fit(Target(log_density, dim), progress=False)
    assert posterior.verdict is Verdict.GOOD
    assert "coordinates that Hessians have in common" in " ".join(posterior.reasons)
    weights = np.exp(well(GRID))
    log_z = np.log(weights.sum() * (GRID[1] - GRID[0])) + 0.5 * np.log(2.0 * np.pi)
    assert abs(posterior.log_evidence - (dim - 2 * pairs) // 2 * log_z) < 0.02
    y = posterior.draws(20_000)["x"] @ turn
    np.testing.assert_allclose(y[:, : 2 * pairs].mean(axis=0), means.mean(axis=1).ravel(), atol=0.2)
    posterior.save(tmp_path / "saved")
    again = fluvial.load(tmp_path / "saved")
    assert isinstance(again, fluvial.Posterior)
    points = posterior.pool.points[:5]
    np.testing.assert_allclose(again.log_prob(points), posterior.log_prob(points))
