"""The lane between Gaussians and flows, on targets whose answers are known."""

import contextlib
from pathlib import Path

import jax.numpy as jnp
import numpy as np
import pytest
from jax.scipy.special import logsumexp
from scipy.special import digamma, gammaln, polygamma

import fluvial
from fluvial.inference import refining
from fluvial.targets.examples.registry import example

SHAPES = np.array([1.5, 3.0, 6.0])


def log_gammas(x):
    """Of the logarithms of independent Gamma variables: skewed, with an exponential tail."""
    return jnp.sum(SHAPES * x - jnp.exp(x) - gammaln(SHAPES))


@pytest.fixture(scope="module")
def skewed():
    return fluvial.fit(fluvial.Target(log_gammas, dim=3), progress=False)


def test_a_skewed_posterior_needs_no_flow(skewed):
    assert skewed.verdict is fluvial.Verdict.GOOD
    assert skewed.provenance.flow == "gaussian"
    assert "adaptive" in skewed.seconds
    assert "flow" not in skewed.seconds
    assert skewed.ess > 0.6 * 8192


def test_its_evidence_and_its_moments_are_right(skewed):
    assert abs(skewed.log_evidence) < 0.02
    draws = skewed.draws(8000)["x"]
    np.testing.assert_allclose(draws.mean(axis=0), digamma(SHAPES), atol=0.05)
    np.testing.assert_allclose(draws.std(axis=0), polygamma(1, SHAPES) ** 0.5, rtol=0.05)


def test_what_it_hands_out_is_one_normalized_density_in_one_mode(skewed):
    x = np.random.default_rng(0).uniform(-9.0, 5.0, size=(400_000, 3))
    volume = 14.0**3
    assert np.mean(np.exp(skewed.log_prob(x))) * volume == pytest.approx(1.0, abs=0.1)
    np.testing.assert_allclose(skewed.modes, [1.0])


def test_it_is_saved_like_any_other(skewed, tmp_path):
    skewed.save(tmp_path / "run")
    loaded = fluvial.load(tmp_path / "run")
    x = np.random.default_rng(1).normal(size=(20, 3))
    np.testing.assert_array_equal(loaded.log_prob(x), skewed.log_prob(x))


def test_the_same_seed_gives_the_same_bits(skewed):
    again = fluvial.fit(fluvial.Target(log_gammas, dim=3), progress=False)
    assert again.log_evidence == skewed.log_evidence
    np.testing.assert_array_equal(again.pool.points, skewed.pool.points)


@pytest.fixture
def no_training(monkeypatch):
    """What would be trained is interrupted before it begins."""
    monkeypatch.setattr("fluvial.inference.flow_training.train_modes.train_modes", interrupt)


def interrupt(*_):
    raise KeyboardInterrupt


@pytest.mark.usefixtures("no_training")
def test_mixtures_are_fitted_to_other_draws_until_one_is_right():
    """Of the eight schools, where one in three has a moment that is a tenth off."""
    example = Path(__file__).parents[3] / "examples"
    schools = fluvial.from_stan(example / "eight_schools.stan", example / "eight_schools.json")
    posterior = fluvial.fit(schools, seed=0, progress=False)
    assert not posterior.interrupted
    assert posterior.verdict is fluvial.Verdict.GOOD
    assert posterior.approximation_error.bound < 0.1


@pytest.mark.usefixtures("no_training")
def test_where_it_cannot_be_right_it_says_so(monkeypatch):
    """Of a funnel, whose neck no few Gaussians fill."""
    tried = []
    adapt = refining.adapt
    monkeypatch.setattr(refining, "adapt", lambda *args: tried.append(adapt(*args)) or tried[-1])
    neck = fluvial.Target(
        lambda x: -0.5 * (x[0] / 2.0) ** 2 - 0.5 * x[1] ** 2 * jnp.exp(-2.0 * x[0]) - x[0], dim=2
    )
    with pytest.raises(KeyboardInterrupt):
        fluvial.fit(neck, progress=False)
    assert tried == [None]


@pytest.mark.usefixtures("no_training")
@pytest.mark.parametrize("seed", [1, 4, 5])
def test_arms_that_no_draw_has_seen_are_not_forgotten(monkeypatch, seed):
    """A mixture that ends before a banana's arms do has even weights, and is narrower than it."""
    found = []
    adapt = refining.adapt
    monkeypatch.setattr(refining, "adapt", lambda *args: found.append(adapt(*args)) or found[-1])
    with contextlib.suppress(KeyboardInterrupt):
        fluvial.fit(example("banana").target, seed=seed, progress=False)
    assert found
    if found[-1]:  # the search has found earlier ones wanting
        weights = np.exp(found[-1].drawn.weights.smoothed)
        heights = found[-1].drawn.x[:, 1]
        sd = np.sqrt(weights @ (heights - weights @ heights) ** 2)
        assert abs(np.log(sd / np.hypot(0.03 * 100.0 * 2**0.5, 1.0))) < 0.1


@pytest.mark.usefixtures("no_training")
def test_a_flow_that_is_asked_for_is_trained_all_the_same(monkeypatch):
    monkeypatch.setattr(refining, "adapt", pytest.fail)
    with pytest.raises(KeyboardInterrupt):
        fluvial.fit(fluvial.Target(log_gammas, dim=3), flow="planar:1", progress=False)


def test_ctrl_c_during_it_returns_the_gaussians(monkeypatch):
    monkeypatch.setattr(refining, "adapt", interrupt)
    posterior = fluvial.fit(fluvial.Target(log_gammas, dim=3), progress=False)
    assert posterior.interrupted
    assert len(posterior.approximation.components) == 1


def test_six_modes_that_are_skewed_need_no_flow_either():
    places = np.array([[6.0 * i, 8.0 * s] for i in (-1.0, 0.0, 1.0) for s in (-1.0, 1.0)])

    def log_density(x):
        each = jnp.sum(SHAPES[1:] * (x - places) - jnp.exp(x - places), axis=1)
        return logsumexp(each - jnp.sum(gammaln(SHAPES[1:])) - jnp.log(6.0))

    posterior = fluvial.fit(fluvial.Target(log_density, dim=2), progress=False)
    assert posterior.verdict is fluvial.Verdict.GOOD
    assert "adaptive" in posterior.seconds
    assert "flow" not in posterior.seconds
    assert abs(posterior.log_evidence) < 0.02
    np.testing.assert_allclose(posterior.modes, np.full(6, 1 / 6), atol=0.02)
