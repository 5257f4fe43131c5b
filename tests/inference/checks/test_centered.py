"""Whether it is noticed that a model would be better non-centered."""

import jax
import numpy as np
import pytest
from jax import numpy as jnp
from jax.scipy.stats import norm

import fluvial
from fluvial.inference.checks.centered import centered_advice, scale_growth
from fluvial.inference.settings import Settings
from fluvial.posterior.judgment import Verdict
from fluvial.posterior.pool import Pool

GROUPS, DRAWS = 6, 4096
RNG = np.random.default_rng(0)
MEAN, LOG_SCALE = RNG.standard_normal((2, DRAWS, 1))
NOISE = RNG.standard_normal((DRAWS, GROUPS))
TARGET = fluvial.Target(lambda x: -0.5 * jnp.sum(x**2), dim=GROUPS + 2)


def advice(groups):
    x = np.hstack([MEAN, LOG_SCALE, groups])
    return centered_advice(TARGET, Pool(x, np.zeros(DRAWS), np.full(DRAWS, -np.log(DRAWS))))


def test_what_a_prior_scales_and_the_data_hardly_inform_is_named():
    said = advice(MEAN + np.exp(LOG_SCALE) * NOISE)
    assert said is not None
    assert said.startswith("The scales of x[2], x[3] and 4 more grow with x[1]: written non-cent")


@pytest.mark.parametrize(
    "groups",
    [
        pytest.param(NOISE, id="non-centered, weak data"),
        pytest.param(3.0 + 0.1 * NOISE, id="centered, strong data"),
        pytest.param((3.0 + 0.1 * NOISE) * np.exp(-LOG_SCALE), id="non-centered, strong data"),
        pytest.param(MEAN + NOISE * np.exp(0.1 * LOG_SCALE), id="a scale that hardly varies"),
        pytest.param(np.exp(NOISE), id="skewed"),
        pytest.param(np.hstack([MEAN, NOISE[:, 1:] + MEAN**2]), id="bent"),
        pytest.param(np.repeat(NOISE[:, :1], GROUPS, axis=1), id="copies of each other"),
        pytest.param(np.ones((DRAWS, GROUPS)), id="constant"),
    ],
)
def test_nothing_is_advised_where_no_scale_grows(groups):
    assert advice(groups) is None


def test_growth_is_a_logarithm_for_each_sd_of_what_it_grows_with():
    x = np.hstack([0.5 * LOG_SCALE, np.exp(0.5 * LOG_SCALE) * NOISE[:, :2]])
    growth = scale_growth(x)
    assert growth is not None
    np.testing.assert_allclose(growth[1:, 0], 0.5, atol=0.08)
    np.testing.assert_allclose(growth[0], 0.0, atol=0.08)


def test_a_hard_fit_of_a_centered_hierarchy_says_so_and_one_of_its_other_form_does_not():
    def centered(x):
        groups = norm.logpdf(x[2:], x[0], jnp.exp(x[1])).sum()
        return norm.logpdf(x[0]) + norm.logpdf(x[1], 0.0, 0.6) + groups

    target = fluvial.Target(centered, dim=22)
    posterior = fluvial.fit(target, progress=False)
    assert "written non-centered" in posterior.reasons[-1]
    assert "x[1]" in posterior.reasons[-1]
    other = fluvial.Target(lambda x: norm.logpdf(x).sum(), dim=22)
    assert "non-centered" not in " ".join(fluvial.fit(other, progress=False).reasons)


def test_modes_of_unlike_width_are_not_taken_for_a_scale_that_grows():
    means = np.array([[-4.0, -3.0], [3.0, 1.0], [-4.0, -1.0], [0.0, -3.0], [2.0, -4.0]])
    draws = means[:, :1] + RNG.standard_normal((5, DRAWS))
    narrow = means[:, 1:] + 0.3 * RNG.standard_normal((5, DRAWS))
    x = np.where(np.arange(DRAWS) % 2, draws, narrow).T
    five = fluvial.Target(lambda x: -0.5 * jnp.sum(x**2), dim=5)
    pool = Pool(x, np.zeros(DRAWS), np.full(DRAWS, -np.log(DRAWS)))
    assert centered_advice(five, pool) is not None  # of one mode it would be true

    def two(x):
        widths = jnp.array([1.0, 0.3], x.dtype)
        return jax.nn.logsumexp(norm.logpdf(x[:, None], means.astype(x.dtype), widths).sum(axis=0))

    strict = Settings.of({"verdict": {"max_standard_error": 1e-6}})
    posterior = fluvial.fit(fluvial.Target(two, dim=5), settings=strict, progress=False)
    assert posterior.verdict is Verdict.USE_WEIGHTS
    assert "non-centered" not in " ".join(posterior.reasons)
