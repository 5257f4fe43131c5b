from dataclasses import replace

import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

import fluvial
from fluvial.posterior.gaussian import Gaussian
from fluvial.posterior.judgment import Judgment, Verdict
from fluvial.posterior.mixture import GaussianComponent
from fluvial.posterior.pool import Pool
from fluvial.posterior.summary import Summary, SummaryRow


def with_pool(posterior, points, weights=None, chains=1):
    weights = np.ones(len(points)) if weights is None else weights
    log_weights = np.log(weights / weights.sum())
    pool = Pool(points, np.zeros(len(points)), log_weights, chains)
    return replace(posterior, pool=pool)


def standard_normal(size, seed=0):
    return np.random.default_rng(seed).standard_normal((size, 2))


def row(posterior, name):
    return next(row for row in posterior.summary().rows if row.name == name)


def test_moments_and_quantiles_of_known_draws(jax_target, posterior_of):
    posterior = with_pool(posterior_of(jax_target), standard_normal(40_000))
    x = row(posterior, "x[0]")
    assert (x.mean, x.sd) == (pytest.approx(0.0, abs=0.02), pytest.approx(1.0, abs=0.02))
    scale = row(posterior, "scale")  # log-normal
    assert (scale.low, scale.high) == pytest.approx(stats.lognorm.ppf([0.05, 0.95], 1.0), rel=0.04)
    assert x.ess == pytest.approx(40_000, rel=0.05)


def test_weights_are_heeded(jax_target, posterior_of):
    # Draws of N(0, 2²) weighted to N(0, 1).
    points = 2.0 * standard_normal(40_000)
    weights = np.exp(-0.5 * np.sum(points**2 * (1.0 - 0.25), axis=1))
    x = row(with_pool(posterior_of(jax_target), points, weights), "x[0]")
    assert (x.mean, x.sd) == (pytest.approx(0.0, abs=0.03), pytest.approx(1.0, abs=0.03))
    assert (x.low, x.high) == (pytest.approx(-1.645, abs=0.06), pytest.approx(1.645, abs=0.06))
    # S / E_q[w²x²], in closed form.
    assert x.ess == pytest.approx(40_000 * (7 / 4) ** 2 / 4, rel=0.02)


def test_the_size_of_a_chain_of_copies_is_not_that_of_its_draws(jax_target, posterior_of):
    points = np.repeat(standard_normal(400), 10, axis=0)  # four chains, each draw ten times
    x = row(with_pool(posterior_of(jax_target), points, chains=4), "x[0]")
    assert 200 < x.ess < 800


def test_a_constant_has_no_spread(jax_target, posterior_of):
    points = standard_normal(100)
    points[:, 0] = 3.0
    x = row(with_pool(posterior_of(jax_target), points), "x[0]")
    assert (x.mean, x.sd, x.low, x.high, x.ess) == pytest.approx((3.0, 0.0, 3.0, 3.0, 100.0))


def test_it_prints_what_it_knows(jax_target, posterior_of):
    text = str(posterior_of(jax_target).summary())
    header, first, second, *_ = text.splitlines()
    assert header.split() == ["mean", "sd", "5%", "95%", "ess"]
    assert (first.split()[0], second.split()[0]) == ("scale", "x[0]")
    assert len({len(line) for line in (header, first, second)}) == 1
    assert "ELBO          -1.50 ± 0.10 nats" in text
    assert "log evidence  -inf ± 0.020 nats" in text
    assert "k-hat inf   ESS 50" in text
    assert "seconds       2.5 (starts 0.5, flow 2.0)" in text
    assert "evaluations   1000, 2 of them not finite" in text
    assert text.endswith("verdict: USE_WEIGHTS\n  A reason.\n  Another – with ü.\n  Advice.")


def test_khat_is_shown_only_where_it_is_a_finding(jax_target, posterior_of):
    posterior = posterior_of(jax_target)
    for matters, shown in ((True, "k-hat 0.90   ESS 50"), (False, "k-hat –   ESS 50")):
        evidence = replace(posterior.evidence, khat=0.9, khat_matters=matters)
        text = str(replace(posterior, evidence=evidence).summary())
        assert shown in text


def test_components_are_told_from_modes(jax_target, posterior_of):
    parts = [GaussianComponent(Gaussian(np.zeros(2), np.eye(2)))] * 2
    posterior = posterior_of(jax_target, parts)
    assert "2 components   modes 50.0%, 50.0%" in str(posterior.summary())
    many = str(replace(posterior, grouping=(0, 13)).summary())
    assert "modes 50.0%, 0.0%" in many
    assert ", and 2 more\n" in many
    one = str(replace(posterior, grouping=(0, 0)).summary())
    assert "2 components" in one
    assert "modes" not in one


STAN = "parameters { vector[2] a; } model { a ~ std_normal(); } "


def test_stan_counts_from_one(posterior_of):
    posterior = posterior_of(fluvial.from_stan(STAN))
    assert [row.name for row in posterior.summary().rows] == ["a[1]", "a[2]"]


@pytest.mark.parametrize(("size", "rows"), [(58, 60), (59, 2)])
def test_derived_quantities_are_shown_where_all_fits(posterior_of, size, rows):
    program = STAN + f"generated quantities {{ vector[{size}] b = rep_vector(a[1], {size}); }}"
    posterior = posterior_of(fluvial.from_stan(program))
    assert len(posterior.summary().rows) == rows


def test_a_long_table_is_cut(posterior_of):
    target = fluvial.Target(
        lambda x: -0.5 * jnp.sum(x**2), dim=2, constrain=lambda x: {"many": jnp.tile(x, 50)}
    )
    lines = posterior_of(target).summary().table
    assert len(lines) == 1 + 60 + 1
    assert lines[-1] == "… and 40 more rows in posterior.summary().rows"


@pytest.mark.parametrize(("width", "columns"), [(120, 6), (80, 6), (60, 6), (40, 4)])
def test_a_table_fits_a_width(width, columns):
    row = SummaryRow("a_long_name_" * 7, 2015.4, 3.0, 2010.5, 2020.3, 8192.0)
    header, line = Summary((row,), (), Judgment(Verdict.GOOD, (), "")).lines(width=width)
    assert len(header) == len(line) <= width
    assert len(line.split()) == columns
    assert len(header.split()) == columns - 1
    assert line.split()[0].endswith("name_")


def test_no_more_draws_are_claimed_than_there_are(jax_target, posterior_of):
    x = standard_normal(400)
    back_and_forth = np.concatenate([x, -x], axis=1).reshape(800, 2)  # each draw, then its mirror
    summary = with_pool(posterior_of(jax_target), back_and_forth, chains=4).summary()
    assert max(row.ess for row in summary.rows) <= 800
