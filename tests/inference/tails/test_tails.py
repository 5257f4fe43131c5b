"""Posteriors without a mean, or without a variance, say so."""

import jax.numpy as jnp
import numpy as np
import pytest
from jax.scipy.stats import norm, t

import fluvial
from fluvial.inference.counted_target import CountedTarget
from fluvial.inference.tails.tails import heavy_tails
from fluvial.posterior.judgment import Verdict
from fluvial.posterior.pool import Pool
from fluvial.targets import Target

POINTS = np.random.default_rng(0).normal(size=(200, 2))
POOL = Pool(POINTS, np.zeros(200), np.full(200, -np.log(200.0)))


def said(log_density):
    return heavy_tails(CountedTarget(Target(log_density, dim=2)), POOL)


@pytest.mark.parametrize(
    ("df", "words"),
    [(1.0, "no mean and no sd"), (1.9, "there is no sd"), (2.0, "there is no sd")],
)
def test_students_t_with_few_degrees_of_freedom_lacks_moments(df, words):
    (sentence,) = said(lambda x: norm.logpdf(x[0]) + t.logpdf(x[1], df))
    assert words in sentence
    assert "x[1]" in sentence
    assert "x[0]" not in sentence


@pytest.mark.parametrize("df", [2.5, 3.0, 30.0])
def test_students_t_with_more_has_them(df):
    assert said(lambda x: jnp.sum(t.logpdf(x, df))) == []


def test_a_cauchy_prior_is_no_matter_where_the_data_bound_the_parameter():
    assert said(lambda x: jnp.sum(t.logpdf(x, 1.0) + norm.logpdf(x, 3.0, 0.5))) == []


def test_one_side_is_enough():
    (sentence,) = said(lambda x: norm.logpdf(x[0]) - jnp.log1p(x[1] ** 2) - jnp.exp(-x[1]))
    assert "x[1]" in sentence


def test_many_are_counted():
    pool = Pool(np.tile(POINTS, 4), np.zeros(200), np.full(200, -np.log(200.0)))
    target = Target(lambda x: jnp.sum(t.logpdf(x, 1.0)), dim=8)
    assert "and 5 more" in heavy_tails(CountedTarget(target), pool)[0]


def test_no_draws_no_sentence():
    empty = Pool(np.empty((0, 2)), np.empty(0), np.empty(0))
    assert heavy_tails(CountedTarget(Target(lambda x: -jnp.sum(x**2), dim=2)), empty) == []


def test_a_fit_without_moments_is_not_good_though_its_draws_are_right():
    posterior = fluvial.fit(Target(lambda x: t.logpdf(x[0], 1.0), dim=1), progress=False)
    assert posterior.verdict is Verdict.USE_WEIGHTS
    quartiles = np.quantile(posterior.draws(4000)["x"], [0.25, 0.5, 0.75])
    np.testing.assert_allclose(quartiles, [-1.0, 0.0, 1.0], atol=0.1)


@pytest.mark.parametrize("seed", range(3))
def test_the_error_of_the_evidence_holds_what_lies_further_out_than_draws_reach(seed):
    # Student's t with 3 degrees of freedom in the plane
    plane = Target(lambda x: -jnp.log(2.0 * jnp.pi) - 2.5 * jnp.log1p(x @ x / 3.0), dim=2)
    posterior = fluvial.fit(plane, seed=seed, progress=False)
    assert posterior.verdict is Verdict.GOOD
    assert abs(posterior.log_evidence) < 2.0 * posterior.log_evidence_se
