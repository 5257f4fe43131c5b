from dataclasses import replace

import jax.numpy as jnp
import numpy as np
import pytest

import fluvial
from fluvial.devices import Devices
from fluvial.errors import InputError
from fluvial.inference.counted_target import CountedTarget
from fluvial.inference.run import Run
from fluvial.inference.settings import DEFAULT, WarmSettings
from fluvial.inference.verdict.weighing import with_own_draws
from fluvial.inference.warm import fewer_moves, lighter, warm_from
from fluvial.inference.warm_search import quick_search
from fluvial.progress import Progress


def _normal(mean, example=None):
    """N(mean, 1) of "a", and N(a, 1) of "b" where that is there, too."""

    def log_density(p):
        new = -0.5 * jnp.sum((p["b"] - p["a"]) ** 2) if "b" in p else 0.0
        return -0.5 * jnp.sum((p["a"] - mean) ** 2) + new

    return fluvial.Target(log_density, example=example or {"a": np.zeros(3)})


def _two(height):
    """Modes at -6 and 6, the second of which has exp(height) times the mass."""

    def log_density(x):
        left = -0.5 * jnp.sum((x + 6.0) ** 2)
        return jnp.logaddexp(left, height - 0.5 * jnp.sum((x - 6.0) ** 2))

    return fluvial.Target(log_density, dim=2)


@pytest.fixture(scope="module")
def first():
    return fluvial.fit(_normal(0.0), progress=False)


def test_a_moved_target_is_fitted_with_half_the_evaluations(first):
    warm = fluvial.fit(_normal(0.5), start=first, progress=False)
    assert warm.verdict.value == "GOOD"
    assert warm.log_evidence == pytest.approx(1.5 * np.log(2 * np.pi), abs=0.02)
    np.testing.assert_allclose(warm.draws(8000)["a"].mean(axis=0), 0.5, atol=0.05)
    assert 2 * warm.provenance.evaluations < first.provenance.evaluations
    said = warm.provenance.warm_start
    assert (said["modes_before"], said["modes_kept"]) == (1, 1)
    assert said["evaluations_saved"] == first.provenance.evaluations - warm.provenance.evaluations


_STAN = "data { int D; real at; } parameters { vector[D] x; } model { x ~ normal(at, 1); }"


@pytest.mark.parametrize("dim", [2, 5, 12, 13])
def test_half_the_evaluations_are_enough_where_a_cold_fit_takes_the_fewest(dim):
    """Of a Gaussian, in Stan, which has no looks along coordinates."""
    before, target = (fluvial.from_stan(_STAN, {"D": dim, "at": at}) for at in (0.0, 0.2))
    first = fluvial.fit(before, progress=False)
    cold, warm = (fluvial.fit(target, seed=1, start=s, progress=False) for s in (None, first))
    assert warm.verdict.value == cold.verdict.value == "GOOD"
    assert 2 * warm.provenance.evaluations < cold.provenance.evaluations


def test_in_fewer_coordinates_fewer_looks_meet_a_mode_as_often():
    few = [lighter(DEFAULT, dim, (0, 0)).search.looks for dim in (3, 4, 5, 6, 13)]
    assert few == [1024, 2048, 4096, 5461, 2730]
    far = lighter(DEFAULT, 6, (2048, 2048)).search
    assert (far.looks, far.far_looks) == (1367, (0, 2047))


def test_how_much_of_a_search_is_made_again_is_a_setting():
    half = replace(DEFAULT, warm=WarmSettings(share=0.5, climbs=2))
    assert fewer_moves(half).search.sideways == DEFAULT.search.sideways // 2
    again = lighter(half, 6, (0, 0)).search
    assert (again.chains, again.climbs) == (DEFAULT.search.chains // 2, 2 * DEFAULT.search.climbs)


def test_an_earlier_flow_is_carried_to_where_the_density_has_moved():
    def banana(center):
        def log_density(x):
            x = x - center
            return -0.5 * x[0] ** 2 - 2.0 * (x[1] - 0.5 * x[0] ** 2) ** 2

        return fluvial.Target(log_density, dim=2)

    before = fluvial.fit(banana(0.0), flow="realnvp:4", progress=False)
    warm = fluvial.fit(banana(5.0), flow="realnvp:4", start=before, progress=False)
    assert warm.verdict.value == "GOOD"
    np.testing.assert_allclose(warm.draws(8000)["x"].mean(axis=0), [5.0, 5.5], atol=0.1)


def test_a_parameter_can_be_added(first):
    target = _normal(0.0, {"a": np.zeros(3), "b": np.zeros(3)})
    warm = fluvial.fit(target, start=first, progress=False)
    assert warm.verdict.value == "GOOD"
    assert warm.log_evidence == pytest.approx(3 * np.log(2 * np.pi), abs=0.02)


def test_a_mode_that_was_not_there_before_is_found():
    before = fluvial.fit(_two(-50.0), progress=False)
    warm = fluvial.fit(_two(0.0), start=before, progress=False)
    assert len(warm.modes) == 2
    assert warm.log_evidence == pytest.approx(np.log(4 * np.pi), abs=0.05)
    again = fluvial.fit(_two(-50.0), start=warm, progress=False)
    assert len(again.modes) == 1
    assert "of whose 2 modes 1 are still there" in again.reasons[-1]


def test_a_posterior_of_other_parameters_is_no_start(first):
    with pytest.raises(InputError, match="share no parameter"):
        fluvial.fit(fluvial.Target(lambda x: -0.5 * jnp.sum(x**2), dim=2), start=first)


def test_a_mixture_that_was_grown_on_one_mode_is_grown_anew_and_not_replaced_by_a_flow():
    def skewed(scale):
        return fluvial.Target(
            lambda x: -0.5 * x[0] ** 2 - 0.5 * (x[1] - 0.4 * x[0] ** 2) ** 2 / scale**2, dim=2
        )

    before = fluvial.fit(skewed(1.0), progress=False)
    assert len(before.approximation.components) > len(before.modes) == 1
    warm = fluvial.fit(skewed(0.8), start=before, progress=False)
    assert warm.verdict.value == "GOOD"
    assert warm.provenance.flow == "gaussian"
    assert warm.provenance.evaluations < 1.2 * before.provenance.evaluations


def _far(at, scale=1.0, share=0.2, center=0.0):
    """N(center, I) in the plane, and a share of the mass at a place, so much narrower or wider."""

    def log_density(x):
        near = jnp.log1p(-share) - 0.5 * jnp.sum((x - center) ** 2)
        far = jnp.log(share) - 0.5 * jnp.sum((x - jnp.asarray(at)) ** 2) / scale**2
        return jnp.logaddexp(near, far - 2.0 * jnp.log(scale)) - jnp.log(2.0 * jnp.pi)

    return fluvial.Target(log_density, dim=2)


@pytest.fixture(scope="module")
def unit():
    return fluvial.fit(_far((0.0, 0.0)), progress=False)


@pytest.fixture(scope="module")
def two():
    return fluvial.fit(_far((12.0, 0.0), share=0.4), progress=False)


@pytest.mark.parametrize(("at", "scale"), [((6.0, -8.0), 0.5), ((-20.0, 0.0), 1.0)])
def test_a_far_mode_that_a_fifth_of_the_mass_has_moved_to_is_found(unit, at, scale):
    warm = fluvial.fit(_far(at, scale), start=unit, progress=False)
    assert warm.verdict.value == "GOOD"
    assert abs(warm.log_evidence) < 0.03
    assert min(warm.modes) == pytest.approx(0.2, abs=0.02)


def test_a_mode_that_has_moved_by_five_sd_is_found(two):
    warm = fluvial.fit(_far((12.0, 5.0), share=0.4), start=two, progress=False)
    assert warm.verdict.value == "GOOD"
    assert abs(warm.log_evidence) < 0.03
    assert len(warm.modes) == 2


def test_masses_that_have_moved_and_a_mode_that_is_gone_take_weights_and_looks_alone(two):
    for share, modes in ((0.25, 2), (0.0, 1)):
        warm = fluvial.fit(_far((12.0, 0.0), share=share), start=two, progress=False)
        assert warm.verdict.value == "GOOD"
        assert abs(warm.log_evidence) < 0.03
        assert len(warm.modes) == modes
        assert warm.provenance.evaluations < 20_000  # of which 10,240 are weights


def test_a_target_that_is_a_little_different_takes_fewer_evaluations_than_a_cold_fit(unit):
    target = _far((0.3, 0.3), center=0.3)
    cold = fluvial.fit(target, seed=1, progress=False)
    warm = fluvial.fit(target, seed=1, start=unit, progress=False)
    assert warm.verdict.value == cold.verdict.value == "GOOD"
    assert 1.2 * warm.provenance.evaluations < cold.provenance.evaluations
    assert "places that the earlier fit has seen were looked at again" in " ".join(warm.reasons)


def test_a_place_that_the_earlier_fit_has_seen_is_found_where_density_has_come_to_it(unit):
    """So far out that no climb, chain or look gets there."""
    at = np.array([[3000.0, -5000.0]])
    target = _far(at[0], scale=0.1)
    for places, there in ((np.empty((0, 2)), False), (at, True)):
        warm = warm_from(target, replace(unit, places=places), "realnvp:8")
        run = Run(
            CountedTarget(target),
            "realnvp:8",
            always_train=False,
            seed=0,
            max_steps=100,
            settings=DEFAULT,
            rng=np.random.default_rng(0),
            progress=Progress(shown=False),
            devices=Devices(every=False),
            warm=warm,
        )
        fitted, drawn = with_own_draws(unit.approximation, run)
        assert bool(quick_search(run, warm, fitted.q, drawn).outliers) == there


def test_what_an_earlier_fit_has_seen_is_saved_with_it(unit, tmp_path):
    unit.save(tmp_path / "run")
    loaded = fluvial.load(tmp_path / "run", target=unit.target)
    assert loaded.places is not None
    assert len(loaded.places) > 100
    np.testing.assert_array_equal(loaded.places, unit.places)
