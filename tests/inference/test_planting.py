"""What a search would have missed, and what it says of a search that missed something."""

import numpy as np
from jax.scipy.special import logsumexp
from jax.scipy.stats import norm

from fluvial.inference.counted_target import CountedTarget
from fluvial.inference.exploring import climb_from, explore
from fluvial.inference.planting import expected_missed, plant
from fluvial.inference.settings import Settings
from fluvial.inference.start_law import StartLaw
from fluvial.posterior.gaussian import Gaussian
from fluvial.targets import Target

DIM = 15
LEAST = 0.02
LIKE = Settings.of({"explore": {"places": 64, "copies": 9.0}})


def test_a_planted_mode_has_the_share_of_starts_that_lie_nearer_to_it():
    gaussians = [Gaussian(np.array([x]), np.eye(1)) for x in (-3.0, 3.0)]
    law = StartLaw(np.zeros((1, 1)), np.full((1, 1), 4.0), (1.0,))
    shares = plant(gaussians, np.zeros(2), law, np.random.default_rng(0))
    assert shares.shape[0] == 2
    assert np.all(shares > 0.05)  # a little narrower than the known one in the same place


def test_how_often_a_basin_is_hit_is_what_starts_from_the_law_say():
    rng, law = np.random.default_rng(0), StartLaw(np.zeros((1, 2)), np.ones((1, 2)), (3.0, 5.0))
    known = Gaussian(np.array([-4.0, 0.0]), np.eye(2))
    share = plant([known], np.zeros(1), law, rng, LIKE)
    x = law.sample(20_000, rng)
    planted = Gaussian(known.mean, np.exp(-0.1) * np.eye(2))
    direct = np.mean(planted.log_prob(x) > known.log_prob(x))
    np.testing.assert_allclose(share.mean(), direct, rtol=0.1)


def test_the_less_is_known_of_widths_the_narrower_the_next_mode_may_be():
    rng, law = np.random.default_rng(0), StartLaw(np.zeros((1, 8)), np.ones((1, 8)), (3.0,))

    def missed(widths):
        means = np.random.default_rng(1).uniform(-5.0, 5.0, (len(widths), 8))
        gaussians = [Gaussian(m, w * np.eye(8)) for m, w in zip(means, widths, strict=True)]
        return expected_missed(plant(gaussians, np.zeros(len(widths)), law, rng), 2000)

    assert missed([1.0, 1.0]) < missed([1.0, 0.9]) < missed([1.0, 0.5])


def test_what_is_as_narrow_as_a_known_mode_but_off_the_middle_is_mostly_missed():
    rng = np.random.default_rng(0)
    means = rng.uniform(-5.0, 5.0, (4, DIM))
    gaussians = [
        Gaussian(m, s * np.eye(DIM)) for m, s in zip(means, (1.2, 0.4, 1.2, 0.4), strict=True)
    ]
    law = StartLaw(np.zeros((1, DIM)), np.full((1, DIM), 4.0), (1.0,))
    shares = plant(gaussians, np.zeros(4), law, rng)
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
