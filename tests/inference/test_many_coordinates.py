"""Densities in so many dimensions that independent coordinates are matched first."""

import jax.numpy as jnp
import numpy as np
import pytest

import fluvial
from fluvial.inference.counted_target import CountedTarget
from fluvial.inference.gaussian.diagonal import climb_diagonal
from fluvial.posterior.diagonal_gaussian import DiagonalGaussian

DIM = 400


def test_a_gaussian_with_independent_coordinates_is_right_without_a_matrix():
    scales = np.geomspace(0.01, 100.0, DIM)
    target = fluvial.Target(lambda x: -0.5 * jnp.sum((x / scales) ** 2), dim=DIM)
    posterior = fluvial.fit(target, progress=False)
    exact = float(np.log(scales).sum() + 0.5 * DIM * np.log(2.0 * np.pi))
    assert isinstance(posterior.approximation.components[0].gaussian, DiagonalGaussian)
    assert posterior.verdict in (fluvial.Verdict.GOOD, fluvial.Verdict.USE_WEIGHTS)
    assert abs(posterior.log_evidence - exact) < 0.1


def test_a_coordinate_that_does_not_matter_is_named():
    target = fluvial.Target(
        lambda p: -0.5 * jnp.sum(p["effect"] ** 2),
        example={"effect": np.zeros(DIM), "unused": 0.0},
    )
    posterior = fluvial.fit(target, progress=False)
    assert posterior.verdict is fluvial.Verdict.FAILED
    assert "unused" in posterior.reasons[0]
    assert not posterior.pool.size


@pytest.mark.parametrize("sd", [1.0, 1e-3])
def test_a_mode_that_is_thousands_of_its_own_widths_away_is_reached(sd):
    place = sd * np.linspace(-3000.0, 3000.0, DIM)
    target = fluvial.Target(lambda x: -0.5 * jnp.sum(((x - place) / sd) ** 2), dim=DIM)
    unit = DiagonalGaussian(np.zeros(DIM), np.ones(DIM))
    found = climb_diagonal(CountedTarget(target), unit, np.random.default_rng(0))
    np.testing.assert_allclose(found.mean, place, atol=0.2 * sd)
    np.testing.assert_allclose(found.sd, sd, rtol=0.2)
