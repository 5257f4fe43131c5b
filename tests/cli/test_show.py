import csv
import json

import jax.numpy as jnp
import pytest

import fluvial


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    names = {"a" * 78: 0.0, "b": jnp.zeros(90)}
    target = fluvial.Target(
        lambda p: -0.5 * ((p["a" * 78] - 2015.4) ** 2 / 9.0 + jnp.sum(p["b"] ** 2)),
        example=names,
        constrain=lambda p: p | {"double": 2.0 * p["b"]},
    )
    return fluvial.fit(target, progress=False).save(tmp_path_factory.mktemp("fit") / "run")


def test_the_first_rows_are_shown_and_the_others_can_be_asked_for(run, saved):
    code, out, _ = run("show", saved)
    lines = out.splitlines()
    assert code == 0
    assert "… and 121 more rows: --all shows them, --vars REGEX some of them" in lines
    every = run("show", saved, "--all")[1].splitlines()
    assert sum(line.startswith(("a", "b[", "double[")) for line in every) == 1 + 90 + 90


def test_a_regular_expression_chooses_rows_and_draws(run, saved, tmp_path):
    file = tmp_path / "draws.csv"
    _, out, _ = run("show", saved, "--vars", r"\[7\]", "--draws-csv", file, "--draws", 12)
    assert [line.split()[0] for line in out.splitlines()[1:3]] == ["b[7]", "double[7]"]
    header, *rows = csv.reader(file.read_text().splitlines())
    assert (header, len(rows)) == (["b[7]", "double[7]"], 12)


def test_a_pattern_that_matches_nothing_is_one_sentence(run, saved):
    code, out, err = run("show", saved, "--vars", "gamma")
    assert (code, out) == (1, "")
    assert err.startswith("fluvial: no name matches 'gamma': known are aaa")


def test_programs_can_read_it(run, saved):
    said = json.loads(run("show", saved, "--format", "json")[1])
    assert said["verdict"] == "GOOD"
    assert said["rows"][0]["mean"] == pytest.approx(2015.4, abs=0.3)
    assert said["rows"][0]["ess"] <= 8192
    rows = list(csv.DictReader(run("show", saved, "--format", "csv")[1].splitlines()))
    assert len(rows) == 181


def test_a_folder_without_results_is_one_sentence(run, tmp_path):
    assert run("show", tmp_path / "nothing")[0] == 1
