"""The search for mass that an approximation does not see."""

import jax.numpy as jnp
import numpy as np
import pytest
from jax.scipy.special import logsumexp

from fluvial.inference.climbs.climbing import Optimum, climb_from
from fluvial.inference.counted_target import CountedTarget
from fluvial.inference.mode_search import mode_search
from fluvial.inference.mode_search.mode_search import mass_at, mass_outside
from fluvial.inference.settings import DEFAULT
from fluvial.posterior.gaussian import Gaussian
from fluvial.posterior.mixture import GaussianComponent, Mixture
from fluvial.targets import Target

LOG_Z = np.log(2.0 * np.pi)


def unit(dim=2):
    return Mixture((GaussianComponent(Gaussian(np.zeros(dim), np.eye(dim))),), np.ones(1))


def two_modes(second_weight, distance):
    center = jnp.array([distance, 0.0])

    def log_density(x):
        first = -0.5 * jnp.sum(x**2) + np.log1p(-second_weight)
        second = -0.5 * jnp.sum((x - center.astype(x.dtype)) ** 2) + np.log(second_weight)
        return logsumexp(jnp.stack([first, second]))

    return CountedTarget(Target(log_density, dim=2))


def test_a_missed_mode_is_found_and_measured():
    found = mass_outside(
        two_modes(0.25, 9.0), unit(), np.log(0.75) + LOG_Z, np.random.default_rng(0)
    ).outliers
    assert len(found) == 1
    assert abs(found[0].share - 1.0 / 3.0) < 0.02
    np.testing.assert_allclose(found[0].gaussian.mean, [9.0, 0.0], atol=0.1)


def test_mass_is_measured_at_an_optimum_once():
    counted = two_modes(0.25, 9.0)
    tops = climb_from(counted, np.array([[9.5, 0.2], [0.1, 0.3]]))
    rng, evidence = np.random.default_rng(0), np.log(0.75) + LOG_Z
    (found,) = mass_at(counted, unit(), evidence, tops, [], rng)
    assert abs(found.share - 1.0 / 3.0) < 0.02
    assert mass_at(counted, unit(), evidence, tops, [found], rng) == []


def narrow_mode_on_the_host(seed, distance):
    """In eight coordinates a fifth of the mass is half as wide as the rest, and far away."""
    dim, places = 8, np.zeros((2, 8))
    places[1, 0] = distance
    widths, weights = np.array([1.0, 0.5]), np.array([0.8, 0.2])

    def parts(x):
        away = (x[:, None] - places) / widths[:, None]
        log_p = -0.5 * np.sum(away**2, axis=2) + np.log(weights) - dim * np.log(widths)
        return log_p - 0.5 * dim * np.log(2.0 * np.pi), away

    def gradient(x):
        log_p, away = parts(x)
        shares = np.exp(log_p - np.logaddexp(*log_p.T)[:, None])
        return -np.sum(shares[..., None] * away / widths[:, None], axis=1)

    def log_density(x):
        return np.logaddexp(*parts(x)[0].T)

    target = Target.from_numpy(log_density, dim=dim, vectorized=True, gradient=gradient)
    rng = np.random.default_rng(seed)
    return mass_outside(CountedTarget(target), unit(dim), np.log(0.8), rng).outliers


@pytest.mark.parametrize("distance", [10.0, 20.0])
def test_looks_far_out_meet_a_narrow_mode_of_a_density_on_the_host(distance):
    (found,) = narrow_mode_on_the_host(2, distance)
    assert abs(found.share - 0.25) < 0.01


def test_a_mode_too_small_to_matter_is_left_alone():
    found = mass_outside(two_modes(1e-3, 9.0), unit(), LOG_Z, np.random.default_rng(0))
    assert found.outliers == ()
    assert found.missing_mass < 0.01


def test_nothing_is_found_where_nothing_is_missing():
    counted = CountedTarget(Target(lambda x: -0.5 * jnp.sum(x**2), dim=2))
    found = mass_outside(counted, unit(), LOG_Z, np.random.default_rng(0))
    assert (found.outliers, found.missing_mass) == ((), 0.0)
    assert "12 climbs, 32 chains" in found.notes[0]


def test_tails_that_were_cut_off_are_measured():
    """A Cauchy density in the plane, of which N(0, I) sees the core."""
    counted = CountedTarget(Target(lambda x: -1.5 * jnp.log1p(jnp.sum(x**2)), dim=2))
    radii = np.linspace(0.0, 10.0, 2001)
    outside = -1.5 * np.log1p(radii**2) > 3.0 - 0.5 * radii**2
    edge = radii[np.argmax(outside)]
    # All that lies within a few spreads of q: the looks reach no further.
    reach = 1.0 / np.sqrt(1.0 + edge**2) - 1.0 / np.sqrt(1.0 + 16.0**2)
    found = mass_outside(counted, unit(), LOG_Z, np.random.default_rng(0))
    np.testing.assert_allclose(found.missing_mass, reach, rtol=0.2)


def needles(x):
    """Two of them, so far apart in their own widths that no look around one sees the other."""
    squares = jnp.stack([jnp.sum(x**2) / 0.01**2, jnp.sum((x - 3.0) ** 2) / 0.001**2])
    return logsumexp(jnp.array([0.0, 8.0 + 4.0 * np.log(10.0)]) - 0.5 * squares)


def lower_needle():
    q = Gaussian(np.zeros(4), 0.01 * np.eye(4))
    return Mixture((GaussianComponent(q),), np.ones(1)), 2.0 * LOG_Z + 4.0 * np.log(0.01)


def test_a_point_that_was_evaluated_once_cannot_contradict_the_approximation():
    counted = CountedTarget(Target(needles, dim=4))
    counted.values(np.full((1, 4), 3.02))
    q, log_z = lower_needle()
    found = mass_outside(counted, q, log_z, np.random.default_rng(0)).outliers
    assert len(found) == 1
    np.testing.assert_allclose(found[0].gaussian.mean, 3.0, atol=0.01)
    np.testing.assert_allclose(np.log(found[0].share), 8.0, atol=0.1)


def ring_of_small_modes(small):
    """Ten modes, each of a share too small for a component of its own, around one."""
    angles = np.linspace(0.0, 2.0 * np.pi, 11)[:-1]
    centers = jnp.asarray(15.0 * np.stack([np.cos(angles), np.sin(angles)], axis=1))

    def log_density(x):
        modes = np.log(small) - 0.5 * jnp.sum((x - centers.astype(x.dtype)) ** 2, axis=1)
        return jnp.logaddexp(-0.5 * jnp.sum(x**2), logsumexp(modes))

    return CountedTarget(Target(log_density, dim=2))


def test_many_small_places_are_added_up():
    found = mass_outside(ring_of_small_modes(0.004), unit(), LOG_Z, np.random.default_rng(0))
    assert sum(place.share for place in found.outliers) > 0.01
    assert all(place.share < 0.005 for place in found.outliers)


def test_a_wide_density_around_a_narrow_core_is_found_though_every_climb_ends_in_the_core():
    def log_density(x):
        core = -0.5 * jnp.sum(x**2) / 0.1**2 - 5.0 * np.log(0.1)
        return jnp.logaddexp(-0.5 * jnp.sum(x**2), core)

    counted = CountedTarget(Target(log_density, dim=5))
    q = Mixture((GaussianComponent(Gaussian(np.zeros(5), 0.1 * np.eye(5))),), np.ones(1))
    found = mass_outside(counted, q, 2.5 * LOG_Z, np.random.default_rng(0)).outliers
    assert len(found) == 1
    assert abs(found[0].share - 1.0) < 0.1
    np.testing.assert_allclose(np.diag(found[0].gaussian.cholesky), 1.0, atol=0.1)


def test_a_plateau_that_holds_no_mass_is_not_measured(monkeypatch):
    """Climbs from far out end on it, 60 nats below and e^20 wide."""
    places = []
    monkeypatch.setattr(mode_search, "measured", lambda *args: places.append(args))
    target = Target(
        lambda x: jnp.logaddexp(-0.5 * jnp.sum(x**2), -60.0 - 1e-8 * jnp.sum(x**2)), dim=2
    )
    overall, suspects = Gaussian(np.zeros(2), np.eye(2)), np.array([[0.0, 14.0], [20.0, 1.0]])
    rng = np.random.default_rng(0)
    counted = CountedTarget(target)
    assert not mode_search._places(counted, unit(), LOG_Z, suspects, [], overall, rng, DEFAULT)
    assert not places


def test_a_climb_that_did_not_converge_is_given_up_only_far_below():
    gaussian = Gaussian(np.zeros(2), np.eye(2))

    def given_up(log_p, converged):
        top = Optimum(np.zeros(2), log_p, lambda: gaussian, converged)
        return mode_search._holds_nothing(top, gaussian, LOG_Z, DEFAULT)

    assert given_up(-40.0, True)
    assert not given_up(-40.0, False)
    assert given_up(-2e5, False)


def test_little_mass_that_moves_a_margin_is_found_and_as_little_that_does_not_is_left_alone():
    def wide(sd, share=0.012):
        def log_density(x):
            near, far = -0.5 * jnp.sum(x**2), -0.5 * jnp.sum((x / sd) ** 2) - 2.0 * jnp.log(sd)
            terms = [near + np.log1p(-share), far + np.log(share)]
            return logsumexp(jnp.stack(terms))

        return CountedTarget(Target(log_density, dim=2))

    moving, still = (
        mass_outside(wide(sd), unit(), LOG_Z, np.random.default_rng(0)) for sd in (6.0, 2.0)
    )
    assert moving.missing_mass < DEFAULT.verdict.max_missing_mass
    assert len(moving.outliers) == 1
    assert not still.outliers
