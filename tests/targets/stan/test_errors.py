from pathlib import Path

import numpy as np
import pytest

from fluvial.errors import InputError
from fluvial.targets import from_stan

MEAN = "data { int N; vector[N] y; } parameters { real mu; } model { y ~ normal(mu, 1); }"
GOOD = {"N": 2, "y": [1.0, 2.0]}


def message(*args):
    with pytest.raises(InputError) as error:
        from_stan(*args)
    return str(error.value)


def test_missing_files(tmp_path):
    program, data = tmp_path / "no.stan", tmp_path / "no.json"
    assert message(str(program)) == f"there is no Stan program {program}: check the path."
    assert message(MEAN, data) == f"there is no data file {data}: check the path."


def test_neither_path_nor_program():
    assert message("eight_schools") == (
        "'eight_schools' is neither a path that ends in .stan nor the source of a Stan program."
    )


def test_syntax_error_shows_its_line(tmp_path):
    path = tmp_path / "wrong.stan"
    path.write_text("parameters {\n  real mu\n}\nmodel { mu ~ normal(0, 1); }\n")
    first, *rest = message(path).splitlines()
    assert first == f"{path} is not a Stan program at line 3, column 0; Stan says:"
    assert 'Expected ";" after variable declaration.' in "\n".join(rest)


def test_semantic_error_shows_its_line():
    sentence = message("parameters { real mu; }\nmodel { mu ~ norml(0, 1); }")
    assert sentence.startswith("the program is not a Stan program at line 2, column 13; Stan says:")


def test_no_parameters():
    assert message("data { int N; }", {"N": 1}) == (
        "the program has no parameters: there is nothing to infer."
    )


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (
            None,
            "the program declares data, 'N' first, and none are given: give a file, on the command "
            "line as --data FILE.",
        ),
        ({"N": 2}, "the data lack 'y', which the program declares; they have 'N'."),
        (
            {"N": 2, "Y": [1, 2]},
            "the data lack 'y', which the program declares; they have 'N', 'Y': is 'Y' misspelled?",
        ),
    ],
)
def test_missing_data(data, sentence):
    assert message(MEAN, data) == sentence


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (
            {"N": 3, "y": [1, 2]},
            "the data do not fit the program: 'y' is declared vector[N], of shape (3), "
            "but given (2).",
        ),
        (
            {"N": 2.5, "y": [1, 2]},
            "the data's field 'N' is 2.5, which the program declares an int.",
        ),
        (
            {"N": 2, "y": [0, "b"]},
            "the data's field 'y': y[2] (counted from 1) is 'b': give a number, a list of numbers, "
            "or an array.",
        ),
    ],
)
def test_data_of_a_wrong_shape_or_type(data, sentence):
    assert message(MEAN, data) == sentence


def test_data_that_json_cannot_hold():
    assert message(MEAN, {"N": 2, "y": Path("y")}) == (
        f"the data's field 'y' is a {type(Path()).__name__}: "
        "give a number, a list of numbers, or an array."
    )


def test_json_that_is_not_json(tmp_path):
    path = tmp_path / "data.json"
    path.write_text('{"N": 2,\n "y": [1, }')
    assert message(MEAN, path) == f"{path} is not JSON: Expecting value at line 2, column 11."


def test_json_that_is_no_object(tmp_path):
    path = tmp_path / "data.json"
    path.write_text("[1, 2]")
    assert message(MEAN, path) == (
        f"{path} holds a JSON list: give an object, from names to values."
    )


def test_files_that_cannot_be_read(tmp_path):
    path = tmp_path / "data.json"
    path.write_bytes(b"\xff\xfe\x00")
    assert message(MEAN, tmp_path).startswith(f"the data file {tmp_path} cannot be read: ")
    assert message(MEAN, path).startswith(f"the data file {path} cannot be read: ")


def test_a_rejection_in_transformed_data():
    code = 'transformed data { reject("not today"); } parameters { real x; } model { }'
    assert message(code) == "the data do not fit the program: not today"


def test_a_type_that_stanli_does_not_know():
    sentence = message("parameters { complex z; } model { }")
    assert sentence.startswith("stanli cannot run this program: ")


def test_good_data_pass():
    np.testing.assert_allclose(
        from_stan(MEAN, GOOD).values(np.zeros((1, 1))), -2.5 - np.log(2 * np.pi)
    )


DROPPED = """
data { vector[2] y; }
parameters { real a; }
transformed parameters { real twice = 2 * a; }
model { a ~ normal(0, 1); }
generated quantities { int whole = to_int(floor(y[1])); array[2] real z = {1, 2}; }
"""


def test_quantities_that_stanli_drops_are_named_once(capfd):
    target = from_stan(DROPPED, {"y": [1.5, 2]})
    target.constrain(np.zeros((2, 1)))
    out, err = capfd.readouterr()
    assert out == ""
    assert err == (
        "fluvial: stanli cannot compute twice, whole, z (unsupported int size function to_int): "
        "the draws lack them.\n"
    )
    assert target.variables == {"a": ()}


def test_nothing_is_said_of_other_programs(capfd):
    from_stan(MEAN, GOOD)
    assert capfd.readouterr() == ("", "")
