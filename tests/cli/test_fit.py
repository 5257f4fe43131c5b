import csv
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import xarray

import fluvial
from fluvial import inference
from fluvial.extras import EXTRAS
from fluvial.targets.loader import load_target

MODELS = """
import jax.numpy as jnp
import fluvial

normal = fluvial.Target(
    lambda p: -0.5 * (jnp.sum((p["a"] - 2.0) ** 2) + p["b"] ** 2),
    example={"a": jnp.zeros(2), "b": 0.0},
)
improper = fluvial.Target(lambda x: -0.5 * x[0] ** 2, dim=2)
"""
OBSERVED = """
import numpy as np
import numpyro
from numpyro.distributions import Normal

import fluvial

def model(y):
    numpyro.sample("y", Normal(numpyro.sample("mu", Normal()), 1.0), obs=y)

target = fluvial.from_numpyro(model, np.array([1.0, 2.0]))
"""
STAN = """
data { int N; vector[N] y; }
parameters { real mu; }
model { y ~ normal(mu, 1); }
"""


@pytest.fixture
def models(tmp_path):
    path = tmp_path / "models.py"
    path.write_text(MODELS)
    return path


@pytest.fixture
def stan(tmp_path):
    path = tmp_path / "model.stan"
    path.write_text(STAN)
    return path


@pytest.fixture
def no_fit(monkeypatch):
    """Fail the test if a fit is begun."""
    monkeypatch.setattr(inference, "fit", lambda *_, **__: pytest.fail("it fitted"))


def cache_first(function):
    """Call a function once, and return what it did then at every other call."""
    results = []

    def once(*args, **options):
        if not results:
            results.append(function(*args, **options))
        return results[0]

    return once


@pytest.fixture(scope="module")
def posterior(tmp_path_factory):
    """A fit of the first of the models."""
    path = tmp_path_factory.mktemp("models") / "models.py"
    path.write_text(MODELS)
    return fluvial.fit(load_target(f"{path}:normal"), progress=False)


@pytest.fixture
def fitted(posterior, monkeypatch):
    """Let a fit of whatever be that posterior, of the seed that is asked for."""

    def fit(target, flow, seed, **_):
        provenance = replace(posterior.provenance, seed=seed)
        return replace(posterior, provenance=provenance)

    monkeypatch.setattr(inference, "fit", fit)


def test_the_table_the_evidence_and_the_verdict_are_printed(run, models):
    code, out, err = run("fit", f"{models}:normal")
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0].split() == ["mean", "sd", "5%", "95%", "ess"]
    name, mean, sd, *_ = lines[1].split()
    assert name == "a[0]"
    assert (float(mean), float(sd)) == pytest.approx((2.0, 1.0), abs=0.1)
    for fact in ("ELBO", "log evidence", "k-hat", "seconds", "evaluations"):
        assert any(line.startswith(fact) for line in lines)
    assert "verdict: GOOD" in lines
    assert lines[-1] == "  Use the draws."


def test_a_stan_program_with_its_data(run, stan, tmp_path):
    data = tmp_path / "data.json"
    data.write_text('{"N": 4, "y": [1, 2, 3, 4]}')
    code, out, _ = run("fit", stan, "--data", data, "--seed", 3)
    assert code == 0
    name, mean, sd, *_ = out.splitlines()[1].split()
    assert (name, sd) == ("mu", "0.50")
    assert float(mean) == pytest.approx(2.5, abs=0.03)


@pytest.mark.usefixtures("fitted")
def test_out_leaves_a_posterior_its_table_a_netcdf_file_and_pictures(run, models, tmp_path):
    out, file = tmp_path / "deep" / "run", tmp_path / "draws.csv"
    options = ("--out", out, "--draws", 400, "--draws-csv", file, "--format", "csv")
    code, printed, said = run("fit", f"{models}:normal", *options, "--vars", "a")
    assert code == 0
    assert [line.split(",")[0] for line in printed.splitlines()] == ["name", "a[0]", "a[1]"]
    files = "posterior.json, summary.csv, summary.json, posterior.nc"
    pictures = "forest.png, pair.png, weights.png"
    assert said.splitlines() == [f"saved in {out}: {files}, {pictures}", f"saved {file}"]
    named = {*files.split(", "), *pictures.split(", "), "draws.npz", "flow.safetensors"}
    assert set(os.listdir(out)) == named
    assert fluvial.load(out).draws(10)["a"].shape == (10, 2)
    with xarray.open_datatree(out / "posterior.nc", engine="h5netcdf") as tree:
        assert dict(tree.posterior.sizes) == {"chain": 4, "draw": 100, "a_dim_0": 2}
    assert (out / "pair.png").read_bytes().startswith(b"\x89PNG")
    table = list(csv.DictReader((out / "summary.csv").read_text().splitlines()))
    assert [row["name"] for row in table] == ["a[0]", "a[1]", "b"]
    assert json.loads((out / "summary.json").read_text())["verdict"] == "GOOD"
    header, *rows = csv.reader(file.read_text().splitlines())
    assert (header, len(rows)) == (["a[0]", "a[1]"], 400)


def test_the_log_likelihood_can_be_left_out(run, tmp_path, monkeypatch):
    path = tmp_path / "observed.py"
    path.write_text(OBSERVED)
    monkeypatch.setattr(inference, "fit", cache_first(inference.fit))
    for option in ("--log-likelihood", "--no-log-likelihood"):
        out = tmp_path / option
        assert run("fit", path, "--out", out, "--draws", 8, "--no-pictures", option)[0] == 0
        with xarray.open_datatree(out / "posterior.nc", engine="h5netcdf") as tree:
            assert ("log_likelihood" in tree.children) == (option == "--log-likelihood")


@pytest.mark.usefixtures("fitted")
def test_without_arviz_the_rest_is_left_and_a_sentence_says_what_is_missing(
    run, models, tmp_path, monkeypatch
):
    for module in EXTRAS["arviz"]:
        monkeypatch.setitem(sys.modules, module, None)
    code, out, err = run("fit", f"{models}:normal", "--out", tmp_path / "run")
    assert (code, err) == (0, "")
    assert "posterior.json, summary.csv, summary.json\nposterior.nc, like pictures, needs" in out
    assert 'install fluvial with its extra "arviz"' in out
    assert not (tmp_path / "run" / "posterior.nc").exists()
    assert run("show", tmp_path / "run")[0] == 0


@pytest.mark.usefixtures("fitted")
def test_an_earlier_run_is_replaced(run, models, tmp_path):
    for seed in (1, 2):
        options = ("--out", tmp_path / "run", "--seed", seed, "--no-pictures")
        assert run("fit", f"{models}:normal", *options)[0] == 0
    assert fluvial.load(tmp_path / "run").provenance.seed == 2
    assert {name for name in os.listdir(tmp_path) if "run" in name} == {"run"}


def test_a_verdict_of_failed_has_an_exit_code_of_its_own(run, models, tmp_path):
    code, out, _ = run("fit", f"{models}:improper", "--out", tmp_path / "run")
    assert code == 3
    assert "verdict: FAILED" in out
    assert fluvial.load(tmp_path / "run").verdict.value == "FAILED"


def test_options_reach_the_fit(run, models, monkeypatch):
    seen = []

    def fit(target, flow, seed, *, progress, **limits):
        seen.append((target.dim, flow, seed, progress, limits))
        raise fluvial.InputError("Enough.")

    monkeypatch.setattr(inference, "fit", fit)
    few = ("--max-steps", 9, "--max-seconds", 1.5, "--max-evaluations", 20, "--checkpoint", "kept")
    run("fit", f"{models}:normal", "--flow", "planar:3", "--seed", 7, *few, "-q")
    run("fit", "--example", "funnel")
    names = ("max_steps", "max_seconds", "max_evaluations", "checkpoint")
    given = dict(zip(names, (9, 1.5, 20, Path("kept")), strict=True))
    left = dict(zip(names, (3000, None, None, None), strict=True))
    assert seen == [(3, "planar:3", 7, False, given), (10, "auto", 0, True, left)]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nowhere.stan"], "there is no Stan program nowhere.stan"),
        (["nowhere.py:target"], "there is no file nowhere.py"),
        (["--example", "funnel", "--vars", "("], "'(' is not a regular expression"),
        (["--example", "funnel", "--vars", "w"], "no name matches 'w': known are v, x[0], x[1]"),
        (["--example", "funel"], "did you mean 'funnel'"),
        (["--example", "nope"], "there is no example 'nope'. There are "),
        (["--example", "funnel", "--flow", "planr:3"], 'no flow is called "planr"'),
    ],
)
def test_wrong_input_is_one_sentence_before_anything_is_fitted(run, arguments, words, monkeypatch):
    if "--flow" not in arguments:
        monkeypatch.setattr(inference, "fit", None)
    code, out, err = run("fit", *arguments)
    assert (code, out) == (1, "")
    assert err.startswith("fluvial: ")
    assert words in err
    assert err.count("\n") == 1


def test_a_syntax_error_in_a_stan_program_is_shown(run, stan):
    stan.write_text(STAN.replace("real mu;", "real mu"))
    code, _, err = run("fit", stan)
    assert code == 1
    assert "line 3" in err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"N": 4', "is not JSON"),
        ('{"N": 4}', "the data lack 'y'"),
        ('{"N": 4, "y": [1, 2]}', "the data do not fit the program"),
    ],
)
def test_wrong_data(run, stan, tmp_path, text, words):
    data = tmp_path / "data.json"
    data.write_text(text)
    code, _, err = run("fit", stan, "--data", data)
    assert code == 1
    assert words in err


@pytest.mark.parametrize(
    "arguments",
    [[], ["x.stan", "--example", "funnel"], ["--example", "funnel", "--data", "d.json"]],
)
def test_wrong_usage(run, no_fit, arguments):
    code, _, err = run("fit", *arguments)
    assert code == 2
    assert "Usage: fluvial fit" in err


def test_a_folder_that_cannot_be_written_is_noticed_before_the_fit(run, no_fit, tmp_path):
    (tmp_path / "file").write_text("")
    code, _, err = run("fit", "--example", "funnel", "--out", tmp_path / "file" / "run")
    assert code == 1
    assert "cannot be written" in err


@pytest.mark.parametrize(
    ("place", "words"), [("", "is a folder"), ("file/draws.csv", "file is a file")]
)
def test_a_table_of_draws_that_cannot_be_written_is_noticed_before_the_fit(
    run, no_fit, tmp_path, place, words
):
    (tmp_path / "file").write_text("")
    code, out, err = run("fit", "--example", "banana", "--draws-csv", tmp_path / place)
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert words in err


def test_somebody_elses_folder_is_noticed_before_the_fit(run, no_fit, tmp_path):
    (tmp_path / "thesis.tex").write_text("")
    code, _, err = run("fit", "--example", "funnel", "--out", tmp_path)
    assert code == 1
    assert "not empty and holds no saved posterior" in err


def test_interrupted_with_nothing_to_show(run, monkeypatch, tmp_path):
    def fit(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(inference, "fit", fit)
    code, out, err = run("fit", "--example", "funnel", "--out", tmp_path / "run")
    assert (code, out) == (130, "")
    assert err == "fluvial: interrupted before there was a posterior to show.\n"
    assert os.listdir(tmp_path) == []


def test_the_command_itself(models, tmp_path):
    command = Path(sys.executable).parent / "fluvial"
    environment = os.environ | {"FLUVIAL_CACHE": str(tmp_path / "cache")}
    for name in ("JAX_COMPILATION_CACHE_DIR", "FLUVIAL_KEEP_COMPILED"):  # as tests have them
        environment.pop(name, None)
    done = subprocess.run(
        [command, "fit", f"{models}:normal"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "verdict: GOOD" in done.stdout
    assert any((tmp_path / "cache" / "compiled").iterdir())
