"""Densities in so many dimensions that independent coordinates are matched first."""

import jax.numpy as jnp
import numpy as np

import fluvial
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
