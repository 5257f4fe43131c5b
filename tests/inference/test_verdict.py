"""What diagnostics are turned into."""

import numpy as np
import pytest

from fluvial.inference.chains import Chains
from fluvial.inference.verdict import Verdict, is_accurate, is_weighable, judge
from fluvial.objectives import Importance


def weights(sd: float, outlier: float = 0.0, size: int = 8000) -> Importance:
    log_weights = np.random.default_rng(0).normal(0.0, sd, size)
    log_weights[0] += outlier
    return Importance(log_weights)


def pareto(shape: float, size: int = 8000) -> Importance:
    return Importance(shape * np.random.default_rng(0).exponential(size=size))


def chains(rhat: float, ess: float) -> Chains:
    return Chains(np.zeros((4, 10, 2)), np.zeros((4, 10)), rhat, ess, 0.8, 0)


def test_even_weights_are_good():
    judgement = judge(weights(0.05))
    assert judgement.verdict is Verdict.GOOD
    assert "k-hat" in judgement.reasons[0]


def test_uneven_but_light_weights_are_to_be_used():
    assert judge(weights(0.7)).verdict is Verdict.USE_WEIGHTS


@pytest.mark.parametrize("shape", [0.9, 1.3])
def test_heavy_weights_are_not_trusted(shape):
    assert not is_weighable(pareto(shape))
    assert judge(pareto(shape)).verdict is Verdict.FAILED


def test_chains_that_mixed_take_over_where_weights_fail():
    assert judge(pareto(1.3), [chains(1.005, 2000.0)]).verdict is Verdict.USE_MCMC


@pytest.mark.parametrize(("rhat", "ess"), [(1.1, 2000.0), (1.005, 100.0)])
def test_chains_that_did_not_mix_do_not(rhat, ess):
    judgement = judge(pareto(1.3), [chains(1.0, 5000.0), chains(rhat, ess)])
    assert judgement.verdict is Verdict.FAILED


def test_a_doubt_rules_out_good():
    judgement = judge(weights(0.05), doubts=["Something is odd."])
    assert judgement.verdict is Verdict.USE_WEIGHTS
    assert "Something is odd." in judgement.reasons


def test_a_fatal_reason_decides_alone():
    assert judge(weights(0.05), fatal=["It is improper."]).verdict is Verdict.FAILED


def test_only_an_accurate_gaussian_needs_no_flow():
    assert is_accurate(weights(0.1))
    assert not is_accurate(weights(0.5))
    assert not is_accurate(pareto(0.9))
