import math

import numpy as np
import pytest
from scipy.stats import t

from fluvial.errors import InputError
from fluvial.reproduction.equivalence import equivalence


def test_agrees_with_the_formula():
    x = np.array([0.3, -0.1, 0.2, 0.25, -0.05])
    error = x.std(ddof=1) / math.sqrt(len(x))
    above, below = (x.mean() + 0.5) / error, (x.mean() - 0.5) / error
    found = equivalence(x.tolist(), -0.5, 0.5)
    assert found.p_equivalent == pytest.approx(max(t.sf(above, 4), t.cdf(below, 4)))
    assert found.p_better == pytest.approx(t.cdf(x.mean() / error, 4))
    assert found.high == pytest.approx(x.mean() + t.ppf(0.95, 4) * error)


def test_equivalent_exactly_if_the_interval_is_within_the_margins():
    x = np.random.default_rng(0).normal(0.3, 0.2, 8).tolist()
    _, low, high, _, _ = equivalence(x, -1.0, 1.0)
    assert equivalence(x, low - 1e-6, high + 1e-6).equivalent
    assert not equivalence(x, low + 1e-6, 1.0).equivalent
    assert not equivalence(x, -1.0, high - 1e-6).equivalent


def test_a_clear_difference_is_neither_equivalent_nor_better():
    found = equivalence([-2.0, -2.1, -1.9], -0.5, 0.5)
    assert not found.equivalent
    assert found.p_better < 0.01


@pytest.mark.parametrize(("same", "p_equivalent", "p_better"), [(0.0, 0, 1), (-1.0, 1, 0)])
def test_without_any_spread(same, p_equivalent, p_better):
    found = equivalence([same] * 3, -0.5, 0.5)
    assert (found.p_equivalent, found.p_better) == (p_equivalent, p_better)
    assert found.low == found.mean == found.high == same


def test_one_difference_is_too_few():
    with pytest.raises(InputError, match="at least two"):
        equivalence([0.0], -1.0, 1.0)
