import numpy as np
import pytest

from fluvial.posterior.rounding import rounded


@pytest.mark.parametrize("exponent", range(-200, 200, 7))
def test_no_digit_that_a_thirtieth_of_the_spread_can_tell_is_lost(exponent):
    rng = np.random.default_rng(exponent + 200)
    for _ in range(20):
        spread = float(rng.uniform(1, 10)) * 10.0**exponent
        number = float(rng.normal()) * spread * 10.0 ** int(rng.integers(0, 10))
        text = rounded(number, spread)
        assert abs(float(text) - number) <= 0.5001 * spread / 30.0
        assert len(text) < 22


@pytest.mark.parametrize(
    ("number", "spread", "text"),
    [
        (2015.4321, 3.0, "2015.4"),
        (1e8, 1.0, "100000000.00"),
        (-1e-12, 1.0, "0.00"),
        (np.inf, 1.0, "inf"),
        (np.nan, np.nan, "nan"),
        (1.0, np.inf, "1"),
    ],
)
def test_how_numbers_look(number, spread, text):
    assert rounded(number, spread) == text
