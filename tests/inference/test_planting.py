"""What a search would have missed, and what it says of a search that missed something."""

import numpy as np
from jax.scipy.special import logsumexp
from jax.scipy.stats import norm

from fluvial.inference.counted_target import CountedTarget
from fluvial.inference.exploring import climb_from, explore
from fluvial.inference.planting import expected_missed, plant
from fluvial.posterior.gaussian import Gaussian
from fluvial.targets import Target

DIM = 15
LEAST = 0.02


def test_a_planted_mode_has_the_share_of_starts_that_lie_nearer_to_it():
    gaussians = [Gaussian(np.array([x]), np.eye(1)) for x in (-3.0, 3.0)]
    starts = np.random.default_rng(0).uniform(-6.0, 6.0, (4000, 1))
    shares = plant(gaussians, np.zeros(2), starts, np.random.default_rng(0))
    assert shares.shape[0] == 2
    assert np.all(shares > 0.05)  # a little narrower than the known one in the same place


def test_what_is_as_narrow_as_a_known_mode_but_off_the_middle_is_mostly_missed():
    rng = np.random.default_rng(0)
    means = rng.uniform(-5.0, 5.0, (4, DIM))
    gaussians = [
        Gaussian(m, s * np.eye(DIM)) for m, s in zip(means, (1.2, 0.4, 1.2, 0.4), strict=True)
    ]
    shares = plant(gaussians, np.zeros(4), 4.0 * rng.standard_normal((1000, DIM)), rng)
    assert expected_missed(shares, 500) > 1.0


def scattered(widths, seed):
    rng = np.random.default_rng(seed)
    means, scales = rng.uniform(-6.0, 6.0, (len(widths), DIM)), np.array(widths)[:, None]

    def log_density(x):
        return logsumexp(norm.logpdf(x, means.astype(x.dtype), scales.astype(x.dtype)).sum(1))

    return CountedTarget(Target(log_density, DIM))


def explored(counted):
    rng = np.random.default_rng(0)
    starts = rng.uniform(-2.0, 2.0, (16, DIM))
    return explore(counted, starts, climb_from(counted, starts), rng)


def test_all_modes_of_like_width_are_found_and_none_is_said_to_be_missing():
    found = explored(scattered([1.0] * 8, 2))
    assert len(found.ends) == 8
    assert found.missed <= LEAST
    assert "found 8 modes that matter" in found.sentence


def test_where_modes_differ_in_width_and_are_not_all_found_it_is_said():
    found = explored(scattered([0.4, 1.2, 0.5, 1.0], 3))
    assert len(found.ends) == 4 or found.missed > LEAST
