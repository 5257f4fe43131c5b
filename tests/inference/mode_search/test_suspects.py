"""Which of the points outside of an approximation are climbed from."""

import jax.numpy as jnp
import numpy as np

from fluvial.inference.counted_target import CountedTarget
from fluvial.inference.mode_search.suspects import look
from fluvial.posterior.gaussian import Gaussian
from fluvial.posterior.mixture import GaussianComponent, Mixture
from fluvial.targets import Target


def suspects_after(far, log_scale):
    """Look around a Gaussian with lighter tails than the target's, after steps to far points."""
    scale = np.exp(log_scale)
    counted = CountedTarget(Target(lambda x: -jnp.sum(jnp.sqrt(1.0 + (x / scale) ** 2)), dim=2))
    counted.value_and_grad(scale * far)
    q = Mixture((GaussianComponent(Gaussian(np.zeros(2), 1.3 * scale * np.eye(2))),), np.ones(1))
    log_z = float(counted.values(np.zeros((1, 2)))[0] - q.log_prob(np.zeros((1, 2)))[0])
    return look(counted, q, log_z, np.random.default_rng(0)).suspects / scale


def test_steps_that_went_much_too_far_do_not_take_the_place_of_what_lies_near():
    far = np.geomspace(1e4, 1e8, 400)[:, None] * np.array([1.0, -1.0])
    for log_scale in (0.0, 9.0):  # the unit of the coordinates is no matter
        suspects = suspects_after(far, log_scale)
        assert len(suspects) > 12
        assert np.abs(suspects).max() < 100.0


def test_what_holds_mass_far_away_is_still_a_suspect():
    far = 300.0 * np.array([[1.0, -1.0], [-1.0, 1.0]])
    suspects = suspects_after(far, 0.0)
    assert (np.abs(suspects).max(axis=1) == 300.0).sum() == 2
