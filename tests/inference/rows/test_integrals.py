import dataclasses

import jax.numpy as jnp
import numpy as np
import pytest

import fluvial
from fluvial.devices import Devices
from fluvial.inference.counted_target import CountedTarget
from fluvial.inference.rows.integrals import check_integrals
from fluvial.inference.rows.integrating import integrated
from fluvial.inference.run import Run
from fluvial.inference.settings import DEFAULT
from fluvial.posterior.evidence import Evidence
from fluvial.posterior.gaussian import Gaussian
from fluvial.posterior.judgment import Judgment
from fluvial.posterior.mixture import GaussianComponent, Mixture
from fluvial.posterior.pool import Pool
from fluvial.posterior.posterior import Posterior
from fluvial.posterior.provenance import Provenance
from fluvial.progress import Progress

LOG_2PI = np.log(2.0 * np.pi)
QUICK = dataclasses.replace(
    DEFAULT, rows=dataclasses.replace(DEFAULT.rows, checked_groups=(8, 32), checked_draws=2)
)


def normal(x, mean, log_sd):
    return -0.5 * ((x - mean) * jnp.exp(-log_sd)) ** 2 - log_sd - 0.5 * LOG_2PI


def target_of(local_log_prior, log_likelihood, rows, dim):
    """Groups that the first axis of rows is of."""
    return fluvial.Target.from_groups(
        lambda t: jnp.sum(normal(t, 0.0, 0.0)),
        local_log_prior,
        log_likelihood,
        rows.ravel(),
        np.repeat(np.arange(len(rows)), rows.shape[1]),
        dim=dim,
    )


def run_of(target):
    return Run(
        CountedTarget(target),
        "gaussian",
        False,
        seed=0,
        max_steps=100,
        settings=QUICK,
        rng=np.random.default_rng(0),
        progress=Progress(shown=False),
        devices=Devices(every=False),
    )


def checked(local_log_prior, log_likelihood, rows, theta, near=0.05):
    """Check the integrals at two points."""
    target = target_of(local_log_prior, log_likelihood, rows, len(theta))
    points = np.array([theta, theta]) + np.array([[0.0], [near]])
    return check_integrals(run_of(target), target.streamed, points)


def of_squares(each, sd=0.3):
    """Rows that know of a latent, which is near 1, its square."""
    rng = np.random.default_rng(0)
    u = 1.0 + 0.1 * rng.normal(size=(32, 1))
    rows = u**2 + sd * rng.normal(size=(32, each))
    return lambda t, u, y: normal(y, u[0] ** 2, np.log(sd)), rows


def around(t, u):
    return normal(u[0], t[0], t[1])


def test_gaussian_latents_need_no_more_nodes():
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(32, 1)) + rng.normal(size=(32, 5))
    found = checked(around, lambda t, u, y: normal(y, u[0], 0.0), rows, [0.0, 0.0])
    assert (found.rule, found.complaint) == (0, "")
    assert "The integrals over the latents of 32 of 32 groups, by quadrature with 9" in found.agreed


@pytest.mark.slow
def test_a_second_mode_that_the_prior_rules_out_does_no_harm():
    of_square, rows = of_squares(3)
    found = checked(around, of_square, rows, [1.0, -2.0])
    assert found.rule is not None


def test_a_second_mode_that_no_rule_reaches_makes_a_posterior_failed():
    of_square, rows = of_squares(40)
    target = target_of(around, of_square, rows, 2)
    points = np.array([[0.0, 0.0], [0.2, 0.1]])
    pool = Pool(points, np.zeros(2), np.full(2, -np.log(2.0)))
    nan = float("nan")
    posterior = Posterior(
        Mixture((GaussianComponent(Gaussian(np.zeros(2), np.eye(2))),), np.ones(1)),
        pool,
        Evidence(nan, nan, nan, nan, nan, nan, nan),
        Judgment(fluvial.Verdict.GOOD, ("All is well.",), "Use the draws."),
        Provenance("gaussian", 0, {}, 1, 0, False, "0.1.0"),
        target,
    )
    found = integrated(run_of(target), target.streamed, posterior)
    assert found.verdict is fluvial.Verdict.FAILED
    assert "of 32 groups that were checked are wrong, by up to" in found.reasons[0]
    assert "misses a mode" in found.reasons[0]
    assert found.reasons[1] == "All is well."
    assert "Target.from_rows" in found.advice


def test_a_second_mode_nearby_is_integrated_by_more_nodes():
    of_square, rows = of_squares(2, sd=1.0)
    found = checked(around, of_square, rows, [0.2, 0.0])
    assert found.complaint
    assert found.rule in (1, 2)


def test_a_heavy_tail_takes_more_nodes():
    """A count of no events beside a wide prior: a plateau with one edge."""
    found = checked(around, lambda t, u, y: y * u[0] - jnp.exp(u[0]), np.zeros((32, 1)), [0.0, 1.5])
    assert found.complaint
    assert found.rule in (1, 2)


@pytest.mark.slow
def test_a_fit_whose_latents_have_two_modes_is_not_good():
    of_square, rows = of_squares(40)
    target = target_of(lambda t, u: normal(u[0], 0.2 + t[0], 0.0), of_square, rows, 1)
    posterior = fluvial.fit(target, progress=False, settings=QUICK)
    assert posterior.verdict is fluvial.Verdict.FAILED
    assert "misses a mode" in posterior.reasons[0]
