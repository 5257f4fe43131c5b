"""Data as R's dump writes them."""

from pathlib import Path

import numpy as np
import pytest

from fluvial.errors import InputError
from fluvial.targets import from_stan
from fluvial.targets.stan.dump import is_dump, read_dump

DUMP = """# written by R
N <- 2L
"K" <- 3
x <-
structure(c(1, 2.5, -3e0, 4, Inf, NaN), .Dim = c(2L, 3L))
`y` = c(1:3, 7)
none <- integer(0)
zeros <- double(2)
many <- structure(1:8, .Dim = c(2L, 2L, 2L)); last <- TRUE
"""


def test_scalars_vectors_ranges_and_arrays():
    found = read_dump(DUMP, Path("data.R"))
    assert list(found) == ["N", "K", "x", "y", "none", "zeros", "many", "last"]
    assert found["N"] == 2
    assert found["K"] == 3
    np.testing.assert_array_equal(found["x"], [[1, -3, np.inf], [2.5, 4, np.nan]])
    np.testing.assert_array_equal(found["y"], [1, 2, 3, 7])
    assert found["none"].shape == (0,)
    np.testing.assert_array_equal(found["zeros"], [0, 0])
    assert found["many"][1, 0, 0] == 2
    assert found["many"][0, 0, 1] == 5
    assert found["last"] == 1


def test_a_program_reads_it(tmp_path):
    path = tmp_path / "model.data.R"
    path.write_text(DUMP)
    code = """
    data { int N; int K; matrix[N, K] x; } parameters { real b; } model { b ~ std_normal(); }
    generated quantities { real y = x[1, 2]; }
    """
    assert from_stan(code, path).constrain(np.zeros((1, 1)))["y"][0] == -3


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("x <- factor(c(1, 2))", "'(' at line 1"),
        ("y <- 1\nx <- list(a = 1)", "at line 2"),
        ("x <- c(1, 2", "its end"),
        ("x <- 1 @ 2", "'@' at line 1"),
        ("x <- 1\nx <- 2", "gives 'x' twice"),
        ('x <- structure(c(1, 2), class = "a")', "at line 1"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_line(text, part):
    assert is_dump(text)
    with pytest.raises(InputError) as error:
        read_dump(text, Path("data.R"))
    assert part in str(error.value)


def test_json_is_no_dump():
    assert not is_dump('{"x": 1}')
    assert not is_dump("[1]")
