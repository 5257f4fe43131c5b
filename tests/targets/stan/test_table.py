import re
from pathlib import Path

import pytest

from fluvial import InputError, from_stan
from fluvial.targets.stan.table import read_table

CODE = """
data { int N; array[N] int k; vector[N] y; }
parameters { real mu; }
model { y ~ normal(mu * sum(k), 1); }
"""


def test_a_program_reads_its_data_from_a_table(tmp_path):
    path = tmp_path / "data.csv"
    path.write_text('"k",y\n1,0.5\n2,-1e3\n')
    assert from_stan(CODE, path).source["data"] == {"N": 2, "k": [1, 2], "y": [0.5, -1000.0]}


def test_tabs_separate_too(tmp_path):
    path = tmp_path / "data.tsv"
    path.write_text("k\ty\n1\t0.5\n")
    assert from_stan(CODE, path).source["data"]["N"] == 1


SCHOOLS = """
data { int<lower=0> J; array[J] real y; vector<lower=0>[J] sigma; }
parameters { real mu; }
model { y ~ normal(mu, sigma); }
"""


def test_the_number_of_rows_is_the_size_of_the_columns_whatever_it_is_called(tmp_path):
    path = tmp_path / "data.csv"
    path.write_text("y,sigma,unused\n28,15,1\n8,10,2\n-3,16,3\n")
    assert from_stan(SCHOOLS, path).source["data"]["J"] == 3


def test_a_column_of_that_name_and_a_size_that_is_given_are_not_replaced(tmp_path):
    path = tmp_path / "data.csv"
    path.write_text("J,y,sigma\n3,28,15\n3,8,10\n3,-3,16\n")
    with pytest.raises(InputError, match="'J' is declared int, of shape"):
        from_stan(SCHOOLS, path)
    with pytest.raises(InputError, match="the data lack 'J'"):
        from_stan(SCHOOLS, {"y": [28, 8], "sigma": [15, 10]})


def test_a_number_that_is_no_count_of_rows_is_asked_for_in_another_format(tmp_path):
    path = tmp_path / "data.csv"
    path.write_text("k,y\n1,0.5\n2,1.5\n")
    groups = CODE.replace("int N;", "int N; int J;").replace("mu;", "mu; vector[J] z;")
    with pytest.raises(InputError, match=r"lack 'J', one number .* give the data as JSON"):
        from_stan(groups, path)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "must name each column once"),
        ("a,a\n1,2\n", "must name each column once"),
        ("a,b\n1\n", "row 2 of t.csv has 1 cells under 2 names"),
        ("a,b\n1,2\n3,NA\n", "row 3 of t.csv, column 'b', is 'NA', which is not a number"),
        ("a,b\n1,\n", "column 'b', is '', which is not a number"),
    ],
)
def test_what_is_no_table_is_refused_with_its_place(text, words):
    with pytest.raises(InputError, match=re.escape(words)):
        read_table(text, Path("t.csv"), ",")
