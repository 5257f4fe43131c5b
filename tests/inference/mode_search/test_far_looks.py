"""Looks far out, and that they see modes of half the width."""

import jax.numpy as jnp
import numpy as np
import pytest

import fluvial
from fluvial.inference.counted_target import CountedTarget
from fluvial.inference.mode_search.annealed import far_points, shell_points
from fluvial.inference.mode_search.far_looks import counts_far, look_far, looks_before
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


def _unit(dim):
    return np.zeros(dim), np.eye(dim)


def standard(dim):
    return Mixture((GaussianComponent(Gaussian(*_unit(dim))),), np.ones(1))


def somewhere(rng, dim, distance):
    direction = rng.standard_normal(dim)
    return distance * direction / np.linalg.norm(direction)


def test_looks_are_made_where_nothing_else_finds_a_mode_in_any_direction():
    def numbers(dim):
        return counts_far(CountedTarget(on_host(np.zeros((1, dim)), [1.0])))

    assert numbers(5) == numbers(13) == [0] * len(DEFAULT.search.far_distances)
    least = DEFAULT.search.far_looks[0]
    assert numbers(6)[:-1] == [least] * (len(DEFAULT.search.far_distances) - 1)
    # of directions one in 3,528 is in a cone of 30 degrees, and one in a hundred may be missed
    assert 0.8 * 3528 * np.log(100.0) < numbers(10)[-1] < 3528 * np.log(100.0)
    assert numbers(10) == sorted(numbers(10))
    traced = CountedTarget(Target(lambda x: -jnp.sum(x**2), 8))
    assert looks_before(traced)
    assert sum(counts_far(traced)) == 0


@pytest.mark.parametrize("dim", [7, 9])
def test_with_those_around_it_looks_see_all_but_a_hundredth_at_each_distance(dim):
    rng, search = np.random.default_rng(0), DEFAULT.search
    counted, unit = CountedTarget(on_host(np.zeros((1, dim)), [1.0])), Gaussian(*_unit(dim))
    spreads = np.array(search.far_distances) / np.sqrt(dim * (1.0 - search.far_width**2))
    far = shell_points(unit, counts_far(counted), list(spreads), rng)
    looks = np.concatenate([far, far_points(unit, search.looks, search.look_spreads, rng)])
    squares = np.sum(looks**2, axis=1)
    missed = []
    for distance in np.geomspace(5.0, 21.0, 5):
        means = np.stack([somewhere(rng, dim, distance) for _ in range(200)])
        away = squares + distance**2 - 2.0 * means @ looks.T
        excess = dim * np.log(2.0) - 2.0 * away + 0.5 * squares
        missed.append(np.mean(~np.any(excess > search.excess, axis=1)))
    assert max(missed) <= 0.03
    assert np.mean(missed) <= 0.01


@pytest.mark.parametrize("distance", [14.0, 18.0, 21.0])
def test_modes_half_as_wide_are_seen_far_out(distance):
    rng, dim = np.random.default_rng(0), 8
    overall = Gaussian(np.zeros(dim), np.eye(dim))
    seen = 0
    for _ in range(24):
        mean = somewhere(rng, dim, distance)
        counted = CountedTarget(on_host([np.zeros(dim), mean], [1.0, 0.5]))
        found = look_far(counted, standard(dim), -np.log(2.0), overall, rng)
        near = np.linalg.norm(found.points - mean, axis=1)
        seen += bool(np.any(near < np.linalg.norm(found.points, axis=1)))
    assert seen >= 23


def test_of_a_mixture_what_its_widest_part_explains_is_not_looked_at_further():
    dim, rng = 8, np.random.default_rng(0)
    parts = (Gaussian(np.zeros(dim), np.eye(dim)), Gaussian(np.ones(dim), 0.5 * np.eye(dim)))
    q = Mixture(tuple(map(GaussianComponent, parts)), np.array([0.9, 0.1]))
    mean = somewhere(rng, dim, 12.0)
    counted = CountedTarget(on_host([np.zeros(dim), np.ones(dim), mean], [1.0, 0.5, 0.6]))
    found = look_far(counted, q, 0.0, parts[0], rng)
    assert len(found.points)
    excess = found.log_p - q.log_prob(found.points)
    assert np.all(excess > DEFAULT.search.excess)
    assert np.all(
        np.linalg.norm(found.points - mean, axis=1) < np.linalg.norm(found.points, axis=1)
    )


def test_what_is_kept_of_the_looks_is_bounded_where_all_of_them_contradict():
    counted = CountedTarget(on_host(np.zeros((1, 10)), [30.0]))
    found = look_far(
        counted, standard(10), 0.0, Gaussian(np.zeros(10), np.eye(10)), np.random.default_rng(0)
    )
    assert 0 < len(found.points) <= 2 * DEFAULT.search.far_kept
    np.testing.assert_allclose(counted.values(found.points), found.log_p)


def test_the_reasons_say_how_wide_another_mode_would_have_to_be():
    program = "parameters { vector[10] x; } model { x ~ std_normal(); }"
    reasons = fluvial.fit(fluvial.from_stan(program, {}), progress=False).reasons
    said = [
        reason for reason in reasons if "other modes of the same mass, up to 22 sd away" in reason
    ]
    assert len(said) == 1
    assert "would find 99% of" in said[0]
    assert "at least 0.5 times as wide as what" in said[0]
