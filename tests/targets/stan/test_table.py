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
