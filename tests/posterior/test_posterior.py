import dataclasses

import numpy as np
import pytest
from scipy import stats

import fluvial
from fluvial.errors import InputError
from fluvial.objectives import Importance
from fluvial.posterior.defense import widened
from fluvial.posterior.gaussian import Gaussian
from fluvial.posterior.mixture import GaussianComponent, Mixture
from fluvial.posterior.pool import Pool

STAN = """
parameters { real a; real b; }
model { a ~ std_normal(); b ~ std_normal(); }
generated quantities { real noise = normal_rng(0, 1); }
"""


def test_draws_are_weighted(jax_target, posterior_of):
    points = 2.0 * np.random.default_rng(0).standard_normal((20_000, 2))
    log_weights = -0.375 * np.sum(points**2, axis=1)  # from N(0, 2²) to N(0, 1)
    log_weights -= np.log(np.exp(log_weights).sum())
    pool = Pool(points, np.zeros(len(points)), log_weights)
    draws = dataclasses.replace(posterior_of(jax_target), pool=pool).draws(20_000)
    assert draws["x"].shape == (20_000, 1)
    assert stats.kstest(draws["x"][:, 0], "norm").statistic < 0.02
    assert stats.kstest(np.log(draws["scale"]), "norm").statistic < 0.02


@pytest.mark.parametrize("wide", [False, True])
@pytest.mark.parametrize("log_weight_sd", [0.0, 1.0])
def test_what_the_pool_lacks_of_draws_is_made_anew(jax_target, posterior_of, wide, log_weight_sd):
    """q is half an sd off in both coordinates, and its weighted draws are not."""
    q = Mixture((GaussianComponent(Gaussian(np.array([0.5, -0.5]), np.eye(2))),), np.ones(1))
    posterior = dataclasses.replace(posterior_of(jax_target), approximation=q)
    log_weights = log_weight_sd * np.random.default_rng(2).standard_normal(500)
    log_weights -= np.log(np.exp(log_weights).sum())
    points, _ = (widened(q) if wide else q).sample(np.random.default_rng(3), 500)
    pool = Pool(points, jax_target.values(points), log_weights, widened=wide)
    posterior = dataclasses.replace(posterior, pool=pool)
    x = posterior.draws(20_000)["x"][:, 0]
    assert len(x) == 20_000
    assert stats.kstest(x, "norm").statistic < 0.02
    np.testing.assert_array_equal(x, posterior.draws(20_000)["x"][:, 0])
    assert len(posterior.to_arviz(4000).posterior["x"].values.ravel()) == 4000


def test_at_most_a_quarter_of_the_draws_repeat(jax_target, posterior_of):
    """The target is N(0, I), and so is q but for a mean that is 1 sd off: E w² = e."""
    gaussian = Gaussian(np.array([1.0, 0.0]), np.eye(2))
    q = Mixture((GaussianComponent(gaussian),), np.ones(1))
    x, log_q = q.sample(np.random.default_rng(0), 8192)
    weights = Importance(jax_target.values(x) - log_q)
    pool = Pool(x, jax_target.values(x), weights.smoothed)
    posterior = dataclasses.replace(posterior_of(jax_target), approximation=q, pool=pool)
    draws = posterior.draws(30_000)["x"][:, 0]
    assert len(np.unique(draws)) > 0.75 * 30_000
    assert abs(draws.mean()) < 0.05


def test_of_even_weights_almost_no_draw_repeats(jax_target, posterior_of):
    q = Mixture((GaussianComponent(Gaussian(np.zeros(2), np.eye(2))),), np.ones(1))
    x, _ = q.sample(np.random.default_rng(0), 100)
    pool = Pool(x, jax_target.values(x), np.full(100, -np.log(100.0)))
    posterior = dataclasses.replace(posterior_of(jax_target), approximation=q, pool=pool)
    assert len(np.unique(posterior.draws(5000)["x"])) == 5000


def test_without_the_target_draws_repeat(jax_target, posterior_of, tmp_path):
    loaded = fluvial.load(posterior_of(jax_target).save(tmp_path / "run"))
    assert len(loaded.draws(1000)["x"]) == 1000


def test_components_of_one_mode_are_one_mode(jax_target, posterior_of):
    parts = [GaussianComponent(Gaussian(np.zeros(2), np.eye(2)))] * 3
    posterior = posterior_of(jax_target, parts)
    np.testing.assert_allclose(posterior.modes, [1 / 3] * 3)
    grouped = dataclasses.replace(posterior, grouping=(0, 1, 0))
    np.testing.assert_allclose(grouped.modes, [2 / 3, 1 / 3])


def test_what_the_approximation_is_worth_is_at_hand(jax_target, posterior_of):
    posterior = posterior_of(jax_target)
    assert posterior.approximation_error.bound == np.inf
    measured = dataclasses.replace(
        posterior.evidence,
        mean_shift=0.3,
        mean_shift_se=0.01,
        log_sd_shift=0.1,
        log_sd_shift_se=0.02,
    )
    error = dataclasses.replace(posterior, evidence=measured).approximation_error
    assert (error.mean_shift, error.bound) == (0.3, pytest.approx(0.32))


def test_the_seed_decides_the_draws(posterior_of):
    posterior = posterior_of(fluvial.from_stan(STAN))
    one, same, other = (posterior.draws(50, seed=seed) for seed in (1, 1, 2))
    for name in ("a", "noise"):
        np.testing.assert_array_equal(one[name], same[name])
        assert not np.array_equal(one[name], other[name])


@pytest.mark.parametrize("n", [0, -1])
def test_at_least_one_draw(jax_target, posterior_of, n):
    with pytest.raises(InputError, match="give a whole number, at least 1"):
        posterior_of(jax_target).draws(n)


def test_log_prob_is_that_of_the_approximation(jax_target, posterior_of):
    posterior = posterior_of(jax_target)
    gaussian = posterior.approximation.components[0].gaussian
    x = np.random.default_rng(0).standard_normal((5, 2))
    covariance = gaussian.cholesky @ gaussian.cholesky.T
    expected = stats.multivariate_normal(gaussian.mean, covariance).logpdf(x)
    np.testing.assert_allclose(posterior.log_prob(x), expected)


@pytest.mark.parametrize("shape", [(2,), (5, 3), (1, 5, 2)])
def test_log_prob_needs_points(jax_target, posterior_of, shape):
    with pytest.raises(InputError, match=r"an array of shape \(N, 2\)"):
        posterior_of(jax_target).log_prob(np.zeros(shape))


def test_it_cannot_be_changed(jax_target, posterior_of):
    posterior = posterior_of(jax_target)
    with pytest.raises(dataclasses.FrozenInstanceError):
        posterior.target = None
    posterior.modes[0] = posterior.seconds["starts"] = -1.0
    assert posterior.modes[0] == 1.0
    assert posterior.seconds["starts"] == 0.5
