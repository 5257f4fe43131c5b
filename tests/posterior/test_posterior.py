import dataclasses

import numpy as np
import pytest
from scipy import stats

import fluvial
from fluvial.errors import InputError
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


def test_the_seed_decides_the_draws(posterior_of):
    posterior = posterior_of(fluvial.from_stan(STAN))
    one, same, other = (posterior.draws(50, seed=seed) for seed in (1, 1, 2))
    for name in ("a", "noise"):
        np.testing.assert_array_equal(one[name], same[name])
        assert not np.array_equal(one[name], other[name])


@pytest.mark.parametrize("n", [0, -1])
def test_at_least_one_draw(jax_target, posterior_of, n):
    with pytest.raises(InputError, match="ask for at least 1"):
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
    with pytest.raises(InputError, match=r"points of shape \(N, 2\)"):
        posterior_of(jax_target).log_prob(np.zeros(shape))


def test_it_cannot_be_changed(jax_target, posterior_of):
    posterior = posterior_of(jax_target)
    with pytest.raises(dataclasses.FrozenInstanceError):
        posterior.target = None
    posterior.modes[0] = posterior.seconds["starts"] = -1.0
    assert posterior.modes[0] == 1.0
    assert posterior.seconds["starts"] == 0.5
