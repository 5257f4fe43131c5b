"""The measured divergence against closed forms, on a Gaussian where all of it is known."""

import jax.numpy as jnp
import numpy as np
import pytest

from fluvial.studies.infinitesimal import diffusion
from fluvial.targets import Target

SD = 0.5


def exact(steps):
    """KL(N(0, v_k) ‖ N(0, SD²)) in two dimensions, by the recursion of the variance."""
    h, v = diffusion.STEP_SIZE, 1.0
    for _ in range(steps):
        v = (1 - h / SD**2) ** 2 * v + 2 * h
    return v / SD**2 - 1 - np.log(v / SD**2)


@pytest.fixture
def gaussian(monkeypatch):
    target = Target(lambda x: -0.5 * jnp.sum(x**2) / SD**2, dim=2)
    monkeypatch.setattr(diffusion, "energy", lambda name: target)
    monkeypatch.setattr(diffusion, "log_normalizer", lambda name: np.log(2 * np.pi * SD**2))
    return "gaussian"


def test_divergences_are_those_of_the_closed_form(gaussian):
    checkpoints = (1, 4, 16, 64)
    measured = diffusion.divergences(gaussian, checkpoints, particles=4000, points=2000, seed=0)
    expected = np.array([exact(k) for k in checkpoints])
    assert (np.diff(expected) < 0).all()
    error = measured.kl - expected
    assert (np.abs(error) < 4 * measured.kl_se + 0.01).all()
    assert measured.kl_se.max() < 0.1
