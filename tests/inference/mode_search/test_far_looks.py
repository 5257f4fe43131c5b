"""Looks far out, and how narrow a mode they see."""

import jax.numpy as jnp
import numpy as np
import pytest

import fluvial
from fluvial.inference.counted_target import CountedTarget
from fluvial.inference.mode_search.far_looks import (
    cap_share,
    counts_far,
    kind_of,
    look_far,
    looks_before,
    narrowest_seen,
)
from fluvial.inference.settings import DEFAULT
from fluvial.posterior.gaussian import Gaussian
from fluvial.posterior.mixture import GaussianComponent, Mixture
from fluvial.targets import Target


def on_host(means, widths):
    """A mixture of Gaussians, as heavy each, that the host computes."""
    means, widths = np.asarray(means, float), np.asarray(widths, float)

    def each(x):
        away = x[:, None] - means
        log_p = -0.5 * np.sum((away / widths[:, None]) ** 2, axis=2)
        return away, log_p - means.shape[1] * np.log(widths * np.sqrt(2.0 * np.pi))

    def value(x):
        return np.logaddexp.reduce(each(x)[1], axis=1)

    def gradient(x):
        away, log_p = each(x)
        share = np.exp(log_p - np.logaddexp.reduce(log_p, axis=1, keepdims=True))
        return -np.sum((share / widths**2)[:, :, None] * away, axis=1)

    return Target.from_numpy(value, dim=means.shape[1], vectorized=True, gradient=gradient)


def standard(dim):
    return Mixture((GaussianComponent(Gaussian(np.zeros(dim), np.eye(dim))),), np.ones(1))


def somewhere(rng, dim, distance):
    direction = rng.standard_normal(dim)
    return distance * direction / np.linalg.norm(direction)


@pytest.mark.parametrize("cosine", [-0.3, 0.0, 0.4, 0.9])
def test_caps_hold_the_share_that_they_have_on_a_circle_and_a_sphere(cosine):
    shares = [float(cap_share(np.array(cosine), dim)) for dim in (1, 2, 3)]
    np.testing.assert_allclose(shares, [0.5, np.arccos(cosine) / np.pi, 0.5 * (1.0 - cosine)])


def test_looks_are_made_where_nothing_else_finds_a_mode_in_any_direction():
    numbers = {
        dim: counts_far(CountedTarget(on_host(np.zeros((1, dim)), [1.0])))
        for dim in (5, 6, 8, 10, 13)
    }
    assert numbers[5] == numbers[13] == [0] * len(DEFAULT.search.far_spreads)
    assert numbers[6] == [1024] * 4
    # three expected looks in a cone of 30 degrees, at each distance
    assert numbers[8] == pytest.approx([3 * 789] * 4, rel=0.002)
    assert numbers[10] == pytest.approx([3 * 3528] * 4, rel=0.002)
    traced = CountedTarget(Target(lambda x: -jnp.sum(x**2), 8))
    assert looks_before(traced)
    assert sum(counts_far(traced)) == 0


@pytest.mark.parametrize("distance", [6.0, 10.0, 14.0, 19.0])
def test_modes_half_as_wide_are_seen_at_any_distance(distance):
    rng, dim = np.random.default_rng(0), 8
    overall = Gaussian(np.zeros(dim), np.eye(dim))
    seen = 0
    for _ in range(24):
        mean = somewhere(rng, dim, distance)
        counted = CountedTarget(on_host([np.zeros(dim), mean], [1.0, 0.5]))
        found = look_far(counted, standard(dim), -np.log(2.0), overall, rng)
        near = np.linalg.norm(found.points - mean, axis=1)
        seen += bool(np.any(near < np.linalg.norm(found.points, axis=1)))
    assert seen >= 21


def test_what_is_kept_of_the_looks_is_bounded_where_all_of_them_contradict():
    counted = CountedTarget(on_host(np.zeros((1, 10)), [30.0]))
    found = look_far(
        counted, standard(10), 0.0, Gaussian(np.zeros(10), np.eye(10)), np.random.default_rng(0)
    )
    assert 0 < len(found.points) <= 2 * DEFAULT.search.far_kept
    np.testing.assert_allclose(counted.values(found.points), found.log_p)


@pytest.mark.parametrize(("dim", "spread"), [(2, 4.0), (6, 4.0), (10, 5.0)])
def test_as_many_modes_are_seen_as_is_said(dim, spread):
    rng = np.random.default_rng(1)
    looks = spread * rng.standard_normal((8192, dim))
    q, overall = standard(dim), Gaussian(np.zeros(dim), np.eye(dim))
    log_q = q.log_prob(looks)
    farthest = spread * np.sqrt(dim)
    width = narrowest_seen(overall, [kind_of(looks, log_q)], farthest)

    def share(width):
        def is_seen(distance):
            g = Gaussian(somewhere(rng, dim, distance), width * np.eye(dim))
            return np.any(g.log_prob(looks) > log_q + DEFAULT.search.excess)

        return min(np.mean([is_seen(d) for _ in range(100)]) for d in (4.0, 0.5 * farthest))

    assert 0.0 < width < 1.0
    assert share(width) >= 0.93
    far = [Gaussian(somewhere(rng, dim, farthest), 0.5 * width * np.eye(dim)) for _ in range(100)]
    missed = np.mean([not np.any(g.log_prob(looks) > log_q + 3.0) for g in far])
    assert missed > 0.1


def test_looks_that_are_too_few_for_any_width_say_so():
    looks = np.random.default_rng(0).standard_normal((4, 10))
    log_q = standard(10).log_prob(looks)
    overall = Gaussian(np.zeros(10), np.eye(10))
    assert narrowest_seen(overall, [kind_of(looks, log_q)], 20.0) == np.inf
    assert narrowest_seen(overall, [kind_of(looks[:0], log_q[:0])], 20.0) == np.inf


def test_the_reasons_say_how_wide_another_mode_would_have_to_be():
    program = "parameters { vector[10] x; } model { x ~ std_normal(); }"
    reasons = fluvial.fit(fluvial.from_stan(program, {}), progress=False).reasons
    said = [reason for reason in reasons if "of other modes as heavy, up to 22 sd away" in reason]
    assert len(said) == 1
    assert "would find 95% of" in said[0]
    assert "at least 0.5 times as wide" in said[0]
