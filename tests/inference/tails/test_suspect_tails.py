"""Draws that end before the target does, and what is said of them."""

import jax.numpy as jnp
import numpy as np
from jax.scipy.stats import norm

from fluvial.devices import Devices
from fluvial.inference.counted_target import CountedTarget
from fluvial.inference.run import Run
from fluvial.inference.settings import DEFAULT
from fluvial.inference.tails.suspect_tails import missing_tails
from fluvial.inference.verdict.more_draws import precise_enough, worth_of
from fluvial.inference.verdict.weighing import Weighed, with_own_draws, with_wider_base
from fluvial.objectives import Importance
from fluvial.posterior.diagonal_gaussian import DiagonalGaussian
from fluvial.posterior.mixture import GaussianComponent, Mixture
from fluvial.progress import Progress
from fluvial.targets import Target

DIM = 30
UNIT = Mixture((GaussianComponent(DiagonalGaussian(np.zeros(DIM), np.ones(DIM))),), np.ones(1))


def a_run(log_density, dim=DIM):
    counted = CountedTarget(Target(log_density, dim=dim))
    rng = np.random.default_rng(0)
    progress, devices = Progress(shown=False), Devices(every=False)
    return Run(counted, "auto", False, 0, 100, DEFAULT, rng, progress, devices)


def opened(x):
    """The others are far wider where abs(x_0) > 2, which no draw of N(0, I) meets."""
    log_scale = 3.0 * jnp.maximum(jnp.abs(x[0]) - 2.0, 0.0)
    return norm.logpdf(x[0]) + norm.logpdf(x[1:], 0, jnp.exp(log_scale)).sum()


def test_a_tail_in_which_no_weight_is_left_is_found_and_its_coordinate_named():
    run = a_run(opened)
    fitted, drawn = with_own_draws(UNIT, run)
    said = missing_tails(run, fitted, drawn.x, np.exp(drawn.weights.smoothed))
    assert said is not None
    assert "where the draws of x[0] end" in said


def test_draws_that_just_stop_are_found_by_steins_identity():
    """No weight tells: the approximation is never there either."""
    run = a_run(opened)
    x = run.rng.standard_normal((9000, DIM))
    x = x[np.abs(x[:, 0]) < 2.0]
    fitted = Weighed(UNIT, x, np.zeros(len(x)), Importance(np.zeros(len(x))))
    said = missing_tails(run, fitted, x, np.full(len(x), 1.0 / len(x)))
    assert said is not None
    assert "x[0]" in said


def test_a_tail_in_which_hardly_any_draw_ends_is_found():
    """28 of 8,192 draws are beyond 2.2, and the weights of all others vary."""

    def log_density(x):
        beyond = 5.0 * jnp.maximum(jnp.abs(x[0]) - 2.2, 0.0)
        return norm.logpdf(x[0]) + norm.logpdf(x[1:], beyond, 1.15).sum()

    run = a_run(log_density)
    narrow = DiagonalGaussian(np.zeros(DIM), np.array([0.75] + [1.0] * (DIM - 1)))
    fitted, drawn = with_own_draws(Mixture((GaussianComponent(narrow),), np.ones(1)), run)
    said = missing_tails(run, fitted, drawn.x, np.exp(drawn.weights.smoothed))
    assert said is not None
    assert "where the draws of x[0] end" in said


def test_right_draws_are_not_doubted():
    def log_density(x):
        return norm.logpdf(x).sum() + 0.1 * jnp.tanh(x[0]) * x[1]

    run = a_run(log_density)
    fitted, drawn = with_own_draws(UNIT, run)
    assert missing_tails(run, fitted, drawn.x, np.exp(drawn.weights.smoothed)) is None


def test_a_few_coordinates_are_left_to_the_search_after_the_fit():
    run = a_run(lambda x: norm.logpdf(x).sum(), dim=20)
    small = Mixture((GaussianComponent(DiagonalGaussian(np.zeros(20), np.ones(20))),), np.ones(1))
    fitted, drawn = with_own_draws(small, run)
    before = run.counted.evaluations
    assert missing_tails(run, fitted, drawn.x, np.exp(drawn.weights.smoothed)) is None
    assert run.counted.evaluations == before


def test_draws_that_only_lack_precision_are_made_more():
    """Half the variance of the log weights is 0.75: they are worth a quarter of their number."""
    run = a_run(lambda x: norm.logpdf(x[0], 1.2) + norm.logpdf(x[1:]).sum())
    nothing = Weighed(UNIT, np.empty((0, DIM)), np.empty(0), Importance(np.empty(0)))
    fitted = with_wider_base(run, nothing, draws=2048)
    assert worth_of(run, fitted).mean_se > DEFAULT.verdict.max_standard_error
    more = precise_enough(run, Weighed(UNIT, fitted.x, fitted.log_p, fitted.weights), fitted)
    assert more.weights.size > fitted.weights.size
    np.testing.assert_array_equal(more.x[: len(fitted.x)], fitted.x)
    assert worth_of(run, more).mean_se < DEFAULT.verdict.max_standard_error
