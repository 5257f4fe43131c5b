import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fluvial.replication.compare.numbers import Duration, Number, tokens


def values(line):
    return [token.value for token in tokens(line) if isinstance(token, Number)]


def seconds(line):
    return [token.seconds for token in tokens(line) if isinstance(token, Duration)]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("1e-3 and 1E5 and -2.5e+10", [1e-3, 1e5, -2.5e10]),
        ("1,234.5 of 12,345,678", [1234.5, 12345678.0]),
        ("1234,567", [1234.0, 567.0]),
        ("12% or 12.5 %", [12.0, 12.5]),
        ("[ 1.  2.5 -3.]", [1.0, 2.5, -3.0]),
        (".5 -.25 +3", [0.5, -0.25, 3.0]),
        ("−3.5", [-3.5]),
        ("score=0.98,loss=0.1;x:3", [0.98, 0.1, 3.0]),
        ("5-3, a-5, (1)-2", [5.0, 3.0, 5.0, 1.0, 2.0]),
        ("50x as fast, 3D, 12MB", [50.0, 3.0, 12.0]),
        ("The end is 3.", [3.0]),
        ("5 m of rope, 3 h", [5.0, 3.0]),
        ("50 times faster", [50.0]),
        ("time steps: 100", [100.0]),
    ],
)
def test_numbers(line, expected):
    assert values(line) == expected
    assert seconds(line) == []


@pytest.mark.parametrize(
    "line",
    [
        "numpy 1.26.4, v2, torch-2.1.0+cu118, 1.2.post1",
        "conv2d_1 x1 U4 layer.3.weight",
        "0x1F 3fa9c1 007 00:12",
        "28x28 2021-03-04 127.0.0.1",
        "the 1990s",
        "banana information nanometer",
    ],
)
def test_what_looks_like_a_number_and_is_none(line):
    assert values(line) == []
    assert seconds(line) == []


def test_what_is_not_finite():
    assert [str(value) for value in values("nan -inf Infinity NaN")] == [
        "nan",
        "-inf",
        "inf",
        "nan",
    ]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("12.3 s", [12.3]),
        ("Wall time: 1min 3s", [63.0]),
        ("1h 2min 3s and 1 hour, 30 minutes", [3723.0, 5400.0]),
        ("12s 13ms/step", [12.0, 0.013]),
        ("75 µs or 75 μs or 75us, 3 ns", [75e-6, 75e-6, 75e-6, 3e-9]),
        ("0:00:12.345", [12.345]),
        ("3 days, 1:02:03", [3 * 86400 + 3723.0]),
        ("0 days 00:12:30", [750.0]),
        ("Training time: 34.56", [34.56]),
        ("elapsed 3.4, it took 5", [3.4, 5.0]),
        ("time_taken = 2", [2.0]),
        ("--- 12.5 seconds ---", [12.5]),
        ("50 it/s, 4 images/sec", [0.02, 0.25]),
        ("1e-3s", [1e-3]),
    ],
)
def test_durations(line, expected):
    assert seconds(line) == pytest.approx(expected)
    assert values(line) == []


def test_white_space_is_not_part_of_the_text():
    assert tokens("  [1.   2. ]   end  of ") == tokens("[ 1. 2.] end of")


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_any_float_python_writes_is_read(value):
    assert values(f"x = {value!r}, done") == [value]
    assert values(f"[{value!r} {value!r}]") == [value, value]


@given(st.integers(-(10**15), 10**15), st.integers(1, 6))
def test_thousands_are_read(integer, digits):
    number = integer + 0.5
    assert values(f"total {number:,.{digits}f} kg") == [number]


@given(st.floats(1e-9, 1e6), st.sampled_from(["ns", "µs", "ms", "s", "min"]))
def test_any_duration_is_read(value, unit):
    factor = {"ns": 1e-9, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "min": 60.0}[unit]
    assert seconds(f"it ran {value!r} {unit} long") == [pytest.approx(value * factor)]


@given(st.text())
def test_no_text_is_too_strange(text):
    for token in tokens(text):
        if isinstance(token, Number):
            assert isinstance(token.value, float)
        elif isinstance(token, Duration):
            assert token.seconds >= 0.0 or math.isnan(token.seconds)
