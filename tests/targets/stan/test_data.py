"""Data are what the program declares, or are refused by name."""

import json
import math

import numpy as np
import pytest

from fluvial.errors import InputError
from fluvial.targets import from_stan
from fluvial.targets.stan.data import checked_data

RNG = np.random.default_rng(0)


def seen(declared, given, size="3"):
    """Return what a program sees of a field that it declares as `declared`."""
    code = f"""
    functions {{ int twice(int n) {{ int s = 0; for (i in 1:n) {{ s += 2; }} return s; }} }}
    data {{ int N; int K; array[2] int g; {declared} x; }}
    parameters {{ real b; }} model {{ b ~ std_normal(); }}
    generated quantities {{ {declared.replace("<lower=0>", "")} y = x; }}
    """
    data = {"N": 3, "K": 2, "g": [1, 4], "x": given}
    return from_stan(code, data).constrain(np.zeros((1, 1)))["y"][0]


def refusal(code, data):
    with pytest.raises(InputError) as error:
        from_stan(code, data)
    return str(error.value)


SHAPES = {
    "vector[N]": (3,),
    "row_vector[N + 1]": (4,),
    "vector[N * (K - 1)]": (3,),
    "vector[N %/% K]": (1,),
    "vector[max(g)]": (4,),
    "vector[twice(K)]": (4,),
    "vector[sum(g) - size(g)]": (3,),
    "matrix[N, K]": (3, 2),
    "matrix[K, twice(N)]": (2, 6),
    "array[K] vector[N]": (2, 3),
    "array[K, N] real": (2, 3),
    "array[K] matrix[N, 4]": (2, 3, 4),
    "array[N, K] row_vector<lower=0>[1]": (3, 2, 1),
    "array[N] int<lower=0>": (3,),
    "array[K, N] int": (2, 3),
    "array[1] real": (1,),
    "real": (),
}


@pytest.mark.parametrize("declared", SHAPES)
def test_the_declared_shape_is_seen_as_given(declared):
    shape = SHAPES[declared]
    given = RNG.permutation(math.prod(shape)).reshape(shape)
    np.testing.assert_array_equal(seen(declared, given), given)
    np.testing.assert_array_equal(seen(declared, given.tolist()), given)


@pytest.mark.parametrize("declared", SHAPES)
def test_every_other_shape_of_as_many_elements_is_refused(declared):
    shape = SHAPES[declared]
    given = np.arange(math.prod(shape)).reshape(shape)
    others = [given.ravel(), given.T, given[None], given[..., None], given.reshape(1, -1)]
    for other in others:
        if other.shape != shape:
            with pytest.raises(InputError, match="'x' is declared") as error:
                seen(declared, other)
            assert f"({', '.join(map(str, shape))})" in str(error.value)
            assert f"({', '.join(map(str, other.shape))})" in str(error.value)


CONSTRAINED = {
    "simplex[2]": [0.25, 0.75],
    "cov_matrix[2]": [[2.0, 0.5], [0.5, 1.0]],
    "corr_matrix[2]": [[1.0, 0.5], [0.5, 1.0]],
    "cholesky_factor_corr[2]": [[1.0, 0.0], [0.6, 0.8]],
    "cholesky_factor_cov[2]": [[1.0, 0.0], [0.6, 0.8]],
    "cholesky_factor_cov[3, 2]": [[1.0, 0.0], [0.6, 0.8], [1.0, 2.0]],
    "ordered[2]": [1.0, 2.0],
    "unit_vector[2]": [0.6, 0.8],
    "array[2] simplex[2]": [[0.25, 0.75], [0.5, 0.5]],
    "vector<lower=(2 > 1), upper=fmax(5, 2)>[2]": [2.0, 3.0],
}


@pytest.mark.parametrize("declared", CONSTRAINED)
def test_constrained_types_have_their_shapes(declared):
    values = np.array(CONSTRAINED[declared])
    code = f"data {{ {declared} x; }} parameters {{ real b; }} model {{ b ~ std_normal(); }}"
    assert from_stan(code, {"x": values}).dim == 1
    for wrong in (values[None], values.ravel() if values.ndim > 1 else values[:, None]):
        assert "'x' is declared" in refusal(code, {"x": wrong})


EMPTY = """
data { int N; vector[N] x; matrix[N, 3] A; matrix[3, N] B; array[N] int k; array[N, 2] real r; }
parameters { real b; } model { b ~ std_normal(); }
"""


@pytest.mark.parametrize("empty", [[], np.zeros((0, 3)), [[]], None])
def test_what_has_no_elements_may_be_any_empty_list_or_be_left_out(empty):
    given = {} if empty is None else dict.fromkeys(["x", "A", "B", "k", "r"], empty)
    assert from_stan(EMPTY, {"N": 0, **given}).dim == 1
    assert "lack 'x'" in refusal(EMPTY, {"N": 1})


def test_a_negative_size_is_refused():
    code = "data { int N; vector[N] x; } parameters { real b; } model { b ~ std_normal(); }"
    assert "negative size: (-1)" in refusal(code, {"N": -1, "x": []})


def test_elements_of_what_has_to_be_empty_are_refused():
    given = {"N": 0, "x": [1.0], "A": [], "B": [], "k": [], "r": []}
    assert "'x' is declared vector[N], of shape (0), but given (1)" in refusal(EMPTY, given)


NUMBER = "data { REAL x; } parameters { real b; } model { b ~ std_normal(); }"


def test_a_list_is_no_scalar_and_a_scalar_no_list():
    one, many = NUMBER.replace("REAL", "real"), NUMBER.replace("REAL", "array[1] real")
    assert refusal(one, {"x": [1.0]}).endswith(
        "of shape () (one number), but given (1): give the number itself."
    )
    assert "list of one number" in refusal(many, {"x": 1.0})


def test_several_names_comments_and_includes(tmp_path):
    (tmp_path / "sizes.stan").write_text("int N; // vector[5] x;\n")
    (tmp_path / "model.stan").write_text(
        """
        functions { void say() { print("data { vector[9] x; }"); } }
        data {
          #include sizes.stan
          /* vector[7] x; */ vector[N] x, y; array[N] real z;
        }
        parameters { real b; } model { b ~ std_normal(); }
        """
    )
    good = {"N": 2, "x": [1, 2], "y": [3, 4], "z": [5, 6]}
    target = from_stan(tmp_path / "model.stan", good)
    (tmp_path / "sizes.stan").unlink()
    assert from_stan(target.source["code"], target.source["data"]).dim == 1
    (tmp_path / "sizes.stan").write_text("int N;")
    assert "'y' is declared vector[N]" in refusal(tmp_path / "model.stan", good | {"y": [3]})


@pytest.mark.parametrize(
    "given",
    [
        [np.nan, np.inf, -np.inf],
        ["NaN", "Inf", "-Inf"],
        ["nan", "+inf", "-Infinity"],
        np.array([np.nan, np.inf, -np.inf], np.float32),
        np.array([np.nan, np.inf, -np.inf], object),
    ],
    ids=["Python", "CmdStan", "spelled", "float32", "objects"],
)
def test_what_is_not_finite_is_a_number_to_stan(given):
    np.testing.assert_array_equal(seen("vector[N]", given), [np.nan, np.inf, -np.inf])


@pytest.mark.parametrize("word", ["NaN", "Infinity", "-Infinity", "Inf", '"+Inf"', "+inf", "nan"])
def test_the_words_that_other_programs_write_into_json(word, tmp_path):
    path = tmp_path / "data.json"
    path.write_text(f'{{"x": [1.5, {word}], "note": "Inf, NaN"}}')
    code = """
    data { vector[2] x; } parameters { real b; } model { b ~ std_normal(); }
    generated quantities { vector[2] y = x; }
    """
    target = from_stan(code, path)
    y = target.constrain(np.zeros((1, 1)))["y"][0]
    np.testing.assert_array_equal(y, [1.5, float(word.strip('"'))])
    json.dumps(target.source, allow_nan=False)


@pytest.mark.parametrize(
    ("declared", "given", "part"),
    [
        ("array[3] int", [1, np.nan, 3], "x[2] (counted from 1) is nan"),
        ("array[3] int", [1, 2, "Inf"], "x[3] (counted from 1) is inf"),
        ("array[2, 2] int", [[1, 2], [3, 4.5]], "x[2,2] (counted from 1) is 4.5"),
        ("array[2] int", [1, 2**31], "x[2] (counted from 1) is 2147483648"),
        ("vector[3]", [1, None, 3], "x[2] (counted from 1) is missing"),
        ("vector[3]", [1, 2, "NA"], "x[3] (counted from 1) is missing"),
        ("vector[2]", np.ma.array([1.0, 2.0], mask=[False, True]), "x[2] (counted from 1) is mas"),
        ("vector[2]", [1, 2j], "complex128"),
        ("matrix[2, 2]", [[1, 2], [3]], "x[2] (counted from 1) has 1 elements"),
        ("vector<lower=0>[3]", [1, 2, np.nan], "x[3] is nan, but must be greater"),
        ("array[3] int<upper=4>", [1, 7, 9], "x[2] is 7, but must be less"),
        ("real", {"a": 1}, "'x' is a dict"),
    ],
)
def test_what_stan_does_not_take_is_named_with_its_index(declared, given, part):
    assert part in refusal(NUMBER.replace("REAL", declared), {"x": given})


@pytest.mark.parametrize(
    "given", [np.array([True, False]), [True, False], [np.bool_(1), 0], [1.0, 0.0]]
)
def test_truth_values_and_whole_numbers_are_integers(given):
    np.testing.assert_array_equal(seen("array[K] int", given), [1, 0])


def test_what_the_program_does_not_declare_is_ignored():
    data = {"x": 1.0, "country": ["a", None], 3: {"b": 1}, "f": len}
    target = from_stan(NUMBER.replace("REAL", "real"), data)
    assert target.source["data"] == {"x": 1.0}


def test_a_name_given_twice_is_refused(tmp_path):
    path = tmp_path / "data.json"
    path.write_text('{"x": 1, "y": 2, "x": 3}')
    assert refusal(NUMBER.replace("REAL", "real"), path) == (
        f'{path} cannot be read as data: the name "x" is there twice.'
    )


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[" * 100_000 + "]" * 100_000, "it is nested too deep"),
        ('{"x": ' + "[" * 100 + "]" * 100 + "}", "it is nested more than 64 levels deep"),
        ('{"x": ' + "1" * 5000 + "}", "Exceeds the limit"),
        ('{"x": [NAN, Inf], "x": 3}', 'the name "x" is there twice'),
    ],
)
def test_json_that_no_data_can_be_is_refused_in_one_sentence(text, reason, tmp_path):
    path = tmp_path / "data.json"
    path.write_text(text)
    said = refusal(NUMBER.replace("REAL", "real"), path)
    assert said.startswith(f"{path} cannot be read as data: {reason}")
    assert "\n" not in said


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_files_may_begin_with_a_byte_order_mark(encoding, tmp_path):
    code = NUMBER.replace("REAL", "real")
    (tmp_path / "data.json").write_text('{"x": 1}', encoding=encoding)
    (tmp_path / "model.stan").write_text(code, encoding=encoding)
    assert from_stan(tmp_path / "model.stan", tmp_path / "data.json").dim == 1


def test_a_spreadsheet_is_refused_by_name(tmp_path):
    path = tmp_path / "data.xlsx"
    path.write_text("x")
    assert refusal(NUMBER.replace("REAL", "real"), path).startswith(
        f"{path} is an Excel file: give the data as JSON"
    )


def test_sizes_cost_no_compilation_where_they_are_simple(monkeypatch):
    monkeypatch.delattr("fluvial.targets.stan.data.stan_to_mir")
    code = "data { int N; array[N] matrix[N - 1, 2 * N] x; }"
    assert checked_data(code, {"N": 2, "x": np.zeros((2, 1, 4))})["N"] == 2
