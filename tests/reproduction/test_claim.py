import math

import pytest

from fluvial.reproduction import Budget, Claim, ClaimVerdict, Repetition, Rule


def claim(rule, unit="", each=Repetition.TRAININGS):
    return Claim("name", "It is small.", "Figure 1", "0.1", "size", rule, unit, each)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0.010, 0.011, 0.012], ClaimVerdict.REPRODUCED),
        ([0.031, 0.030, 0.032], ClaimVerdict.NOT_REPRODUCED),
        ([0.010, 0.020, 0.029], ClaimVerdict.INCONCLUSIVE),
        ([0.01, 0.01, 0.01], ClaimVerdict.REPRODUCED),
    ],
)
def test_judges_by_the_interval_of_the_mean(values, expected):
    judged = claim(Rule(high=0.02)).judge(values, Budget.QUICK)
    assert judged.judgment is expected
    assert judged.seeds == 3
    assert judged.measured == pytest.approx(sum(values) / 3)


def test_the_interval_is_students():
    """Of 1, 2, 3: mean 2, standard error 1/sqrt(3), t(0.975, 2) = 4.3027."""
    judged = claim(Rule(low=0.0), "nat").judge([1.0, 2.0, 3.0], Budget.QUICK)
    half = 4.302652729911275 / math.sqrt(3)
    assert judged.spread == pytest.approx(1.0)
    assert f"{2 - half:.4g} to {2 + half:.4g}" in judged.reason
    assert "2 nat" in judged.reason
    assert judged.judgment is ClaimVerdict.INCONCLUSIVE


@pytest.mark.parametrize(
    ("budget", "each", "count", "words"),
    [
        (Budget.SMOKE, Repetition.REPEATS, 5, "the smoke budget shows"),
        (Budget.QUICK, Repetition.REPEATS, 2, "needs 3 repeats, and there are 2"),
        (Budget.FULL, Repetition.REPEATS, 4, "needs 5 repeats, and there are 4"),
        (Budget.FULL, Repetition.TRAININGS, 1, "needs 3 trainings, and there is 1"),
        (Budget.QUICK, Repetition.TRAININGS, 0, "needs 3 trainings, and there are 0"),
    ],
)
def test_too_little_is_inconclusive(budget, each, count, words):
    judged = claim(Rule(low=0.0), each=each).judge([1.0] * count, budget)
    assert judged.judgment is ClaimVerdict.INCONCLUSIVE
    assert words in judged.reason
    if judged.seeds:
        enough = claim(Rule(low=0.0), each=each).judge([1.0] * 5, Budget.FULL)
        assert enough.judgment is ClaimVerdict.REPRODUCED


@pytest.mark.parametrize("each", [Repetition.TEST_PARTS, Repetition.REPEATS])
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_only_trainings_judge_what_is_better(each, sign):
    """However often one training is tested, another may come out the other way."""
    values = [sign * value for value in (1.0, 1.1, 0.9, 1.0, 1.05, 0.95, 1.0, 1.0, 1.1, 0.9)]
    ordering = Rule(low=0.0, ordering=True)
    judged = claim(ordering, each=each).judge(values, Budget.FULL)
    assert judged.judgment is ClaimVerdict.INCONCLUSIVE
    assert "takes several trainings" in judged.reason
    for trained in (claim(ordering), claim(Rule(low=0.0), each=each)):
        assert trained.judge(values, Budget.FULL).judgment is not ClaimVerdict.INCONCLUSIVE


def test_a_value_that_is_not_finite_is_inconclusive_and_counted():
    judged = claim(Rule(low=0.0)).judge([1.0, math.nan, 1.0, 3.0], Budget.QUICK)
    assert judged.judgment is ClaimVerdict.INCONCLUSIVE
    assert judged.reason == "1 of 4 trainings gave no finite value."
    assert judged.measured == pytest.approx(5 / 3)


@pytest.mark.parametrize("bounds", [{}, {"low": 1.0, "high": 1.0}, {"low": 2.0, "high": 1.0}])
def test_a_rule_has_room(bounds):
    with pytest.raises(ValueError, match="a rule needs"):
        Rule(**bounds)


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        (Rule(low=1.0), "at least 1"),
        (Rule(high=0.5), "at most 0.5"),
        (Rule(0.9, 1.1), "from 0.9 to 1.1"),
    ],
)
def test_a_rule_in_words(rule, text):
    assert str(rule) == text
    content = claim(rule).judge([1.0], Budget.QUICK).content()
    assert content["rule"] == text
    assert (content["low"], content["high"]) == (rule.low, rule.high)
