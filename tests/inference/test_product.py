"""Densities that are products, whose modes are too many to be listed."""

import jax.numpy as jnp
import numpy as np
from scipy.special import ndtr

import fluvial
from fluvial.inference.counted_target import CountedTarget
from fluvial.inference.exploring import climb_from
from fluvial.inference.product import factors, is_listed, margin_of
from fluvial.posterior.judgment import Verdict
from fluvial.targets import Target

GRID = np.linspace(-4.0, 4.0, 8001)


def well(x):
    return -(x**4) + 5.0 * x**2 + 0.3 * x


def wells(x):
    """A double well in every other coordinate."""
    return jnp.sum(well(x[::2])) - 0.5 * jnp.sum(x[1::2] ** 2)


def coupled(x):
    """Wells, of which two are pushed by each other."""
    return wells(x) - 0.05 * jnp.sin(x[0]) * jnp.sin(x[2])


def started(log_density, dim):
    counted = CountedTarget(Target(log_density, dim))
    starts = np.random.default_rng(0).uniform(-2.0, 2.0, (16, dim))
    ends = climb_from(counted, starts)
    return counted, starts, ends


def heads(ends):
    return np.stack([end.x for end in ends])


def test_factors_are_what_scores_of_one_coordinate_change_with_another():
    counted, starts, ends = started(coupled, 6)
    labels = factors(counted, starts, heads(ends))
    assert labels[0] == labels[2]
    assert len(set(labels)) == 5


def test_few_modes_are_listed_and_many_are_not():
    assert is_listed(*started(wells, 4))
    assert not is_listed(*started(wells, 12))


def test_a_density_that_is_no_product_is_listed():
    def ring(x):
        return -8.0 * (jnp.linalg.norm(x) - 5.0) ** 2

    assert is_listed(*started(ring, 12))


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
