"""What a search would have missed, and what it says of a search that missed something."""

import jax.numpy as jnp
import numpy as np
import pytest
from jax.scipy.special import logsumexp
from jax.scipy.stats import norm

from fluvial.inference.climbs.climbing import climb_from
from fluvial.inference.climbs.start_law import StartLaw
from fluvial.inference.counted_target import CountedTarget
from fluvial.inference.mode_search.exploring import explore
from fluvial.inference.mode_search.missed_modes import (
    expected_missed,
    expected_others,
    share_missed,
)
from fluvial.inference.mode_search.planting import aimed, plant, width_sought
from fluvial.inference.settings import Settings
from fluvial.posterior.gaussian import Gaussian
from fluvial.targets import Target, from_stan

DIM = 15
LEAST = 0.04
LIKE = Settings.of({"explore": {"places": 64, "copies": 9.0}})


def of_widths(*widths, dim):
    """Gaussians about the origin, all alike in share."""
    shape, count = (len(widths), dim), len(widths)
    return StartLaw(
        np.zeros(shape),
        np.broadcast_to(np.array(widths)[:, None], shape),
        np.full(count, 1 / count),
    )


def test_a_planted_mode_has_the_share_of_starts_that_lie_nearer_to_it():
    gaussians = [Gaussian(np.array([x]), np.eye(1)) for x in (-3.0, 3.0)]
    law = StartLaw(np.zeros((1, 1)), np.full((1, 1), 4.0), np.ones(1))
    shares = plant(gaussians, np.zeros(2), law, np.random.default_rng(0))
    assert shares.shape[0] == 2
    assert np.all(shares > 0.05)  # a little narrower than the known one in the same place


def test_the_next_mode_is_planted_as_far_out_as_the_known_ones_leave_open():
    gaussians = [Gaussian(np.array([x]), np.eye(1)) for x in (-3.0, 3.0)]
    shares = plant(gaussians, np.zeros(2), of_widths(1.0, dim=1), np.random.default_rng(0))
    # Two draws are 3 off their mean, the next one is 3 √3: few starts lie beyond the midpoint.
    np.testing.assert_allclose(shares, norm.sf(0.5 * (3.0 + 3.0 * np.sqrt(3.0))), rtol=0.5)


def test_the_only_known_mode_says_how_far_from_the_starts_the_next_one_may_be():
    law = of_widths(4.0, dim=DIM)

    def missed(distance):
        known = Gaussian(np.full(DIM, distance), np.eye(DIM))
        rng = np.random.default_rng(0)
        return share_missed(law, plant([known], np.zeros(1), law, rng, predicted=64), 2**12)

    assert missed(3.0) < missed(12.0)  # which a law of width 4 hardly reaches


def test_how_often_a_basin_is_hit_is_what_starts_from_the_law_say():
    rng, law = np.random.default_rng(0), of_widths(3.0, 5.0, dim=2)
    known = Gaussian(np.array([-4.0, 0.0]), np.eye(2))
    share = plant([known, known], np.zeros(2), law, rng, LIKE)
    x = law.sample(20_000, rng)
    planted = Gaussian(known.mean, np.exp(-0.1) * np.eye(2))
    direct = np.mean(planted.log_prob(x) > known.log_prob(x))
    np.testing.assert_allclose((share @ law.shares).mean(), direct, rtol=0.1)


def test_the_less_is_known_of_widths_the_narrower_the_next_mode_may_be():
    rng, law = np.random.default_rng(0), of_widths(3.0, dim=8)

    def missed(widths):
        means = np.random.default_rng(1).uniform(-5.0, 5.0, (len(widths), 8))
        gaussians = [Gaussian(m, w * np.eye(8)) for m, w in zip(means, widths, strict=True)]
        return expected_missed(law, plant(gaussians, np.zeros(len(widths)), law, rng), 2000)

    assert missed([1.0, 1.0]) < missed([1.0, 0.9]) < missed([1.0, 0.5])


def test_what_is_as_narrow_as_a_known_mode_but_off_the_middle_is_mostly_missed():
    rng = np.random.default_rng(0)
    means = rng.uniform(-5.0, 5.0, (4, DIM))
    gaussians = [
        Gaussian(m, s * np.eye(DIM)) for m, s in zip(means, (1.2, 0.4, 1.2, 0.4), strict=True)
    ]
    law = StartLaw(np.zeros((1, DIM)), np.full((1, DIM), 4.0), np.ones(1))
    shares = plant(gaussians, np.zeros(4), law, rng)
    assert expected_missed(law, shares, 500) > 1.0


def test_looks_aimed_at_planted_modes_miss_fewer_and_leave_some_for_elsewhere():
    rng, law = np.random.default_rng(0), of_widths(0.5, 3.0, 20.0, 40.0, dim=DIM)
    means = rng.uniform(-5.0, 5.0, (4, DIM))
    gaussians = [
        Gaussian(mean, width * np.eye(DIM))
        for mean, width in zip(means, (0.6, 0.8, 1.0, 1.2), strict=True)
    ]
    shares = plant(gaussians, np.zeros(4), law, rng, excess=3.0)
    better = aimed(law, shares)
    np.testing.assert_allclose(better.shares.sum(), 1.0)
    assert np.argmax(better.shares) == 1
    assert better.shares.min() >= 0.5 * law.shares.min()
    few, many = (expected_missed(one, shares, 2**17) for one in (better, law))
    assert few < 0.7 * many


def test_two_modes_of_like_width_do_not_rule_out_a_third_that_is_narrow():
    """All that is as narrow as one in twenty is found here; the narrowest may be missed."""
    rng, law = np.random.default_rng(0), of_widths(4.0, dim=10)
    means = rng.uniform(-5.0, 5.0, (8, 10))

    def others(widths):
        gaussians = [
            Gaussian(m, w * np.eye(10)) for m, w in zip(means[: len(widths)], widths, strict=True)
        ]
        planted = plant(
            gaussians, np.zeros(len(widths)), law, rng, excess=3.0, predicted=256 // len(widths)
        )
        return expected_others(law, planted, 2**18)

    assert others([1.7, 1.7]) < 1e-6  # copies
    assert others([1.7, 1.9]) > others([1.7, 1.9] * 4) > others([1.7] * 8)


def test_of_many_modes_that_would_be_missed_many_are_expected():
    law = of_widths(1.0, dim=2)
    half = np.tile(np.array([0.0, 1.0])[:, None], (3, 1, 1)).reshape(3, 2, 1)
    assert expected_others(law, half, 100) == 4.0
    assert expected_others(law, 0.0 * half, 100) == np.inf


def test_where_no_look_would_find_a_planted_mode_there_is_nothing_to_aim_at():
    law = of_widths(1.0, 2.0, dim=2)
    assert aimed(law, np.zeros((3, 8, 2))) is law


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
    assert not found.doubtful
    assert "found 8 modes that matter" in found.sentence


@pytest.mark.slow
def test_where_modes_differ_in_width_and_are_not_all_found_it_is_said():
    found = explored(scattered([0.4, 1.2, 0.5, 1.0], 3))
    assert len(found.ends) == 4 or found.doubtful


def test_two_known_widths_say_how_narrow_a_third_may_be_that_is_sought():
    explore = Settings.of({"explore": {"widest_sought": 0.5}}).explore
    sought = [width_sought(np.log(widths), explore) for widths in ([1, 0.9], [1, 0.4], [0.1, 1])]
    np.testing.assert_allclose(sought, [0.5, 0.4, explore.narrowest_sought])
    assert width_sought(np.log([1.0, 0.9, 0.8]), explore) == explore.narrowest_sought


def test_modes_narrower_than_any_that_is_sought_are_not_expected():
    """In six coordinates so many looks see all but those, which nothing would find."""
    rng, law = np.random.default_rng(0), of_widths(4.0, dim=6)
    gaussians = [Gaussian(np.full(6, x), w * np.eye(6)) for x, w in ((-3.0, 1.0), (3.0, 0.5))]

    def others(narrowest):
        sought = {"narrowest_sought": narrowest, "widest_sought": narrowest}
        settings = Settings.of({"explore": sought})
        planted = plant(gaussians, np.zeros(2), law, rng, settings, excess=3.0, predicted=256)
        return expected_others(law, planted, 2**20)

    assert others(0.25) < 0.02 < others(0.01)


def test_of_a_compiled_model_the_same_looks_are_made_as_of_one_that_jax_traces():
    program = "parameters { vector[6] x; } model { target += log_mix(0.5, %s, %s); }"
    modes = [f"normal_lpdf(x | {x}, {w})" for x, w in ((-3, 1), (3, 0.5))]
    starts = np.random.default_rng(0).uniform(-6.0, 6.0, (16, 6))
    few = {"looks": 2**12, "most_looks": 2**13, "settling_looks": 2**13}

    def sentence(target, **others):
        counted = CountedTarget(target)
        ends, rng = climb_from(counted, starts), np.random.default_rng(0)
        return explore(counted, starts, ends, rng, Settings.of({"explore": few | others})).sentence

    compiled = from_stan(program % tuple(modes), {})
    assert "8,192 looks found 2 modes" in sentence(compiled)
    assert "looks" not in sentence(compiled, looking_seconds=1e-9)  # it would take too long


def test_modes_of_a_compiled_model_that_differ_in_one_coordinate_are_looked_for_by_others():
    """No looks are made along its coordinates, so that others have to see a third."""
    parts = "normal_lpdf(x | 0, 1), normal_lpdf(x[:5] | 0, 0.4) + normal_lpdf(x[6] | 9, 0.4)"
    compiled = f"parameters {{ vector[6] x; }} model {{ target += log_mix(0.5, {parts}); }}"

    def traced(x):
        wide = norm.logpdf(x).sum()
        return jnp.logaddexp(wide, norm.logpdf(x, jnp.zeros(6).at[5].set(9.0), 0.4).sum())

    few = Settings.of({"explore": {"looks": 2**12, "most_looks": 2**12, "settling_looks": 2**12}})
    rng = np.random.default_rng(0)
    starts = np.concatenate([rng.normal(size=(8, 6)), rng.normal(size=(8, 6))])
    starts[8:, 5] += 9.0

    def sentence(target):
        counted = CountedTarget(target)
        ends, rng = climb_from(counted, starts), np.random.default_rng(0)
        return explore(counted, starts, ends, rng, few).sentence

    assert "looks found 2 modes" in sentence(from_stan(compiled, {}))
    assert "looks" not in sentence(Target(traced, 6))
