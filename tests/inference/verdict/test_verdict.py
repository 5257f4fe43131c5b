"""What diagnostics are turned into."""

import numpy as np
import pytest

from fluvial.inference.chains.chains import Chains
from fluvial.inference.settings import Settings, VerdictSettings
from fluvial.inference.verdict.verdict import (
    evidence_se,
    is_accurate,
    is_weighable,
    judge,
    misses_tails,
    tail_matters,
)
from fluvial.objectives import Importance
from fluvial.posterior.accuracy import ApproximationError, Precision, approximation_error, precision
from fluvial.posterior.judgment import Verdict


def weights(sd: float, outlier: float = 0.0, size: int = 8000) -> Importance:
    log_weights = np.random.default_rng(0).normal(0.0, sd, size)
    log_weights[0] += outlier
    return Importance(log_weights)


def pareto(shape: float, size: int = 8000) -> Importance:
    return Importance(shape * np.random.default_rng(0).exponential(size=size))


def with_ess(ess: float, size: int = 8192) -> Importance:
    """Weights of 0 and 1, of which ``ess`` are 1: their effective sample size is exact."""
    return Importance(np.where(np.arange(size) < ess, 0.0, -np.inf))


def chains(rhat: float, ess: float, outermost: float = 1.0) -> Chains:
    return Chains(np.zeros((4, 10, 2)), np.zeros((4, 10)), rhat, ess, 0.8, 0, outermost)


def shifted(delta: float, dim: int, seed: int, size: int = 8192):
    """Judge q = N(δ, 1) in one coordinate of ``dim`` for p = N(0, I); also the weighted mean."""
    x = np.random.default_rng(seed).standard_normal((size, dim))
    x[:, 0] += delta
    log_weights = Importance(0.5 * delta**2 - delta * x[:, 0])
    w = np.exp(log_weights.smoothed)
    error = approximation_error(x, w, np.full(size, 1.0 / size))
    return judge(log_weights, precise=precision(x, w), error=error), w @ x, error


def test_even_weights_are_good():
    judgment = judge(weights(0.05))
    assert judgment.verdict is Verdict.GOOD
    assert "8000 weighted draws are worth" in judgment.reasons[0]


def test_even_weights_with_a_wild_tail_are_good_and_their_khat_is_not_shown():
    log_weights = 0.02 * np.random.default_rng(0).standard_normal(8192)
    log_weights[:20] = np.log(np.geomspace(1.1, 8.0, 20))
    even = Importance(log_weights)
    assert even.khat > 0.7
    assert even.ess > 0.97 * even.size
    judgment = judge(even)
    assert judgment.verdict is Verdict.GOOD
    assert not any("k-hat" in reason for reason in judgment.reasons)


@pytest.mark.parametrize(
    ("ess", "largest", "matters"),
    [(0.969, 3.01, True), (0.971, 3.01, False), (0.969, 2.99, False)],
)
def test_khat_is_a_finding_only_of_uneven_weights(ess, largest, matters):
    assert tail_matters(ess * 8192, 8192, largest) is matters


def test_draws_with_a_wider_base_are_as_even_as_they_can_be():
    """Of 8,192 weights 7,150 are alike, a few large, and the rest none, as far out in its base."""
    noise = 0.02 * np.random.default_rng(0).standard_normal(8192)
    log_weights = np.where(np.arange(8192) < 7150, noise, -np.inf)
    log_weights[:20] = np.log(np.geomspace(1.1, 8.0, 20))
    narrow, wide = (Importance(log_weights, attainable_share=share) for share in (1.0, 0.87))
    assert narrow.khat > 0.7
    assert judge(narrow).verdict is Verdict.FAILED
    assert judge(wide).verdict is Verdict.GOOD


@pytest.mark.parametrize(("shape", "weighable"), [(0.6, True), (0.8, False)])
def test_khat_is_trusted_up_to_its_threshold(shape, weighable):
    # quantiles of a Pareto tail: k-hat is the shape but for the prior that draws it to 1/2
    quantiles = (np.arange(8192) + 0.5) / 8192
    tail = Importance(-shape * np.log1p(-quantiles))
    assert abs(tail.khat - shape) < 0.05
    assert is_weighable(tail) is weighable


@pytest.mark.parametrize("shape", [0.9, 1.3])
def test_heavy_weights_are_not_trusted(shape):
    assert not is_weighable(pareto(shape))
    assert judge(pareto(shape)).verdict is Verdict.FAILED


@pytest.mark.parametrize(("ess", "enough"), [(399, False), (401, True)])
def test_weights_worth_fewer_than_400_draws_are_not_trusted(ess, enough):
    assert (
        is_weighable(with_ess(ess), settings=Settings(verdict=VerdictSettings(small_largest=1e6)))
        is enough
    )


@pytest.mark.parametrize(("missing_mass", "weighable"), [(0.019, True), (0.021, False)])
def test_two_percent_of_the_mass_may_be_missing_around(missing_mass, weighable):
    assert is_weighable(weights(0.05), missing_mass) is weighable
    assert (
        any("is missing" in r for r in judge(weights(0.05), missing_mass=missing_mass).reasons)
        != weighable
    )


def test_the_error_of_the_evidence_that_is_said_holds_the_mass_that_is_missing():
    of_weights = weights(0.05)
    error = evidence_se(of_weights, 0.019)
    assert error == pytest.approx(np.hypot(of_weights.log_evidence_se, np.log(1.019)))
    said = " ".join(judge(of_weights, missing_mass=0.019).reasons)
    assert f"{error:.3f} nat of the log evidence" in said


@pytest.mark.parametrize(
    ("mean_ess", "variance_ess", "verdict"),
    [
        (901.0, 451.0, Verdict.GOOD),
        (899.0, 451.0, Verdict.USE_WEIGHTS),
        (901.0, 449.0, Verdict.USE_WEIGHTS),
    ],
)
def test_good_promises_standard_errors_of_a_thirtieth_of_an_sd(mean_ess, variance_ess, verdict):
    precise = Precision(mean_ess, variance_ess)
    assert judge(weights(0.05), precise=precise).verdict is verdict


@pytest.mark.parametrize(("ess", "verdict"), [(102, Verdict.GOOD), (98, Verdict.USE_WEIGHTS)])
def test_good_promises_the_evidence_to_a_tenth_of_a_nat(ess, verdict):
    settings = Settings(verdict=VerdictSettings(min_ess=10.0, small_largest=1e6))
    sharp = Precision(1e6, 1e6)
    # the standard error is sqrt(1/ESS − 1/S)
    assert judge(with_ess(ess, 10**6), precise=sharp, settings=settings).verdict is verdict


@pytest.mark.parametrize("dim", [1, 10, 50])
@pytest.mark.parametrize("delta", [0.1, 0.2, 0.3, 0.44, 0.5])
def test_a_shifted_approximation_is_called_off_and_its_draws_are_right(dim, delta):
    for seed in range(10):
        judgment, mean, error = shifted(delta, dim, seed)
        assert judgment.verdict is Verdict.GOOD
        assert np.max(np.abs(mean)) < 0.1
        assert error.mean_shift == pytest.approx(delta, abs=0.03)
        assert any("is off by up to" in reason for reason in judgment.reasons)


@pytest.mark.parametrize("dim", [1, 10, 50])
def test_an_approximation_within_the_bound_is_called_right(dim):
    for seed in range(10):
        judgment, _, error = shifted(0.05, dim, seed)
        assert error.bound < 0.1
        assert any("is right, too" in reason for reason in judgment.reasons)


@pytest.mark.parametrize(("shift", "right"), [(0.079, True), (0.081, False)])
@pytest.mark.parametrize("kind", ["mean", "log sd"])
def test_the_noise_counts_against_the_approximation(shift, right, kind):
    other = (0.0, 0.0)
    measured = (shift, 0.01)
    error = ApproximationError(*((measured + other) if kind == "mean" else (other + measured)))
    said = " ".join(judge(weights(0.05), error=error).reasons)
    assert ("is right, too" in said) is right


def test_chains_that_mixed_take_over_where_weights_fail():
    assert judge(pareto(1.3), [chains(1.005, 2000.0)]).verdict is Verdict.USE_MCMC


@pytest.mark.parametrize(
    ("rhat", "ess", "verdict"),
    [
        (1.034, 401.0, Verdict.USE_MCMC),
        (1.036, 401.0, Verdict.FAILED),
        (1.034, 399.0, Verdict.FAILED),
    ],
)
def test_all_chains_have_to_mix(rhat, ess, verdict):
    assert judge(pareto(1.3), [chains(1.0, 5000.0), chains(rhat, ess)]).verdict is verdict


def test_chains_that_were_turned_back_at_the_ends_have_not_seen_what_lies_beyond():
    judgment = judge(pareto(1.3), [chains(1.005, 2000.0, outermost=0.4)])
    assert judgment.verdict is Verdict.FAILED
    assert "accept 40% as many of their moves" in judgment.reasons[-1]


@pytest.mark.parametrize(("dim", "hidden"), [(20, False), (21, True)])
def test_draws_in_whose_place_the_target_has_nothing_leave_it_to_chains(dim, hidden):
    """One draw in a hundred is 30 nats below the others, as even as these are."""
    log_weights = np.random.default_rng(0).normal(0.0, 0.2, 8000)
    assert not misses_tails(Importance(log_weights), dim)
    log_weights[::100] -= 30.0
    assert is_weighable(Importance(log_weights))
    assert misses_tails(Importance(log_weights), dim) is hidden
    log_weights[::100] = -np.inf  # as beyond a boundary
    assert not misses_tails(Importance(log_weights), dim)


def test_chains_that_were_run_decide_where_weights_are_even_too():
    assert judge(weights(0.05), [chains(1.5, 100.0)]).verdict is Verdict.FAILED
    assert judge(weights(0.05), [chains(1.0, 5000.0)]).verdict is Verdict.USE_MCMC


def test_a_doubt_rules_out_good():
    judgment = judge(weights(0.05), doubts=["Something is odd."])
    assert judgment.verdict is Verdict.USE_WEIGHTS
    assert "Something is odd." in judgment.reasons


def test_a_fatal_reason_decides_alone():
    assert judge(weights(0.05), fatal=["It is improper."]).verdict is Verdict.FAILED


def test_only_an_accurate_gaussian_needs_no_flow():
    assert is_accurate(weights(0.1))
    assert not is_accurate(weights(0.5))
    assert not is_accurate(pareto(0.9))


@pytest.mark.parametrize(("sd", "accurate"), [(0.19, True), (0.21, False)])
def test_a_gaussian_is_accurate_up_to_a_fiftieth_of_a_nat(sd, accurate):
    assert is_accurate(weights(sd)) is accurate


@pytest.mark.parametrize(
    ("visited", "verdict"), [(0.124, Verdict.FAILED), (0.126, Verdict.USE_MCMC)]
)
def test_chains_must_have_been_where_mass_was_found_around_the_approximation(visited, verdict):
    """A quarter of the half of the mass that the search has found there."""
    mixed = [chains(1.005, 2000.0)]
    assert judge(pareto(1.3), mixed, missing_mass=0.5, visited=visited).verdict is verdict
