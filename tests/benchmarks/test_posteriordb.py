"""Reading a clone, judging verdicts, and going on from saved results, on a made-up database."""

import json
import math
import zipfile

import numpy as np
import pytest

from benchmarks import posteriordb, records
from benchmarks.database import columns, entries, reference_draws
from benchmarks.honesty import Case, tally
from benchmarks.posteriordb_table import line, totals

PROGRAM = "data { real y; } parameters { real mu; } model { mu ~ normal(y, 2); }"


@pytest.fixture
def clone(tmp_path):
    """Two posteriors that share one file of draws, one whose file is absent, one without any."""
    root = tmp_path / "clone" / "posterior_database"
    for name, reference in [("a-m", "a-m"), ("b-m", "a-m"), ("c-m", "lost"), ("d-m", None)]:
        about = {"name": name, "model_name": "m", "data_name": "y"}
        _write(root / f"posteriors/{name}.json", about | {"reference_posterior_name": reference})
    implementation = {"model_implementations": {"stan": {"model_code": "models/stan/m.stan"}}}
    _write(root / "models/info/m.info.json", implementation)
    (root / "models/stan").mkdir()
    (root / "models/stan/m.stan").write_text(PROGRAM)
    _write(root / "data/info/y.info.json", {"data_file": "data/data/y.json"})
    _zip(root / "data/data/y.json.zip", {"y": 3.0})
    draws = 3.0 + 2.0 * np.random.default_rng(0).normal(size=(10, 1000))
    path = root / "reference_posteriors/draws/draws/a-m.json.zip"
    _zip(path, [{"mu": list(chain)} for chain in draws])
    return root.parent


def _write(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))


def _zip(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(path.stem, json.dumps(content))


def test_draws_are_found_through_the_name_of_the_reference(clone):
    found, missing = entries(clone)
    assert [entry.name for entry in found] == ["a-m", "b-m"]
    assert missing == ["c-m"]
    assert found[1].data == {"y": 3.0}
    assert reference_draws(found[1])["mu"].shape == (10, 1000)


def test_only_takes_patterns_and_says_when_nothing_matches(clone, tmp_path):
    assert [entry.name for entry in entries(clone, ["b*"])[0]] == ["b-m"]
    with pytest.raises(SystemExit, match="named like z"):
        entries(clone, ["z"])
    with pytest.raises(SystemExit, match="not a clone"):
        entries(tmp_path / "nowhere")


def test_columns_count_from_one_as_stan_does():
    draws = {"s": np.arange(2.0), "M": np.arange(12.0).reshape(2, 2, 3)}
    found = columns(draws, ["M[2,1]", "s", "M[1,3]"])
    assert found == pytest.approx(np.array([[3.0, 0.0, 2.0], [9.0, 1.0, 8.0]]))
    with pytest.raises(KeyError):
        columns(draws, ["tau"])


def test_nuts_alone_is_right_and_is_not_run_twice(clone, tmp_path, capsys, monkeypatch):
    out = tmp_path / "results.json"
    arguments = ["--posteriordb", str(clone), "--seeds", "0", "--out", str(out)]
    posteriordb.main(arguments)
    kept = records.load(out)
    assert kept["a-m"]["dim"] == 1
    assert kept["a-m"]["nuts"]["mean"] < 0.1
    assert kept["a-m"]["nuts"]["gradients"] > 2 * 4000
    first = capsys.readouterr().out
    monkeypatch.setattr(posteriordb.nuts, "sample", None)  # any second call would fail
    posteriordb.main(arguments)
    assert capsys.readouterr().out == first


def test_a_failing_fit_is_a_line_and_not_the_end(clone, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("fluvial.from_stan", _fail, raising=False)
    posteriordb.main(["--posteriordb", str(clone), "--skip-nuts", "--seeds", "2"])
    printed = capsys.readouterr().out
    assert printed.count("2 of 2 failed: ValueError: no luck") == 2
    assert "verdicts over 4 fits: 4 ERROR" in printed


def _fail(*_):
    raise ValueError("somewhere deep\nno luck\n")


def test_honesty_counts_broken_promises_and_needless_alarms():
    honesty = tally(
        [
            Case("kept", "GOOD", right=True),
            Case("broken", "USE_WEIGHTS", right=False),
            Case("warned", "USE_MCMC", right=False),
            Case("timid", "FAILED", right=True),
        ]
    )
    assert honesty.wrong_goods == ["broken"]
    assert honesty.false_alarms == ["timid"]
    assert "wrong GOODs (trusted, out of bounds): 1 (broken)" in honesty.report()


def test_totals_judge_by_both_bounds_and_leave_out_the_dearest_gradient():
    def record(mean, sd, gradients):
        fit = {"mean": mean, "sd": sd, "w1": 0.0, "khat": 0.1, "verdict": "GOOD"}
        fits = [fit | {"seed": 0, "seconds": 3.0}, fit | {"seed": 1, "seconds": 1.0}]
        nuts = {"seconds": 10.0, "gradients": gradients}
        return {"fits": fits, "nuts": nuts}

    text = totals(
        {"ok": record(0.1, 0.15, 50), "off": record(0.11, 0.0, 60), "wide": record(0.0, 0.2, 10)}
    )
    assert "wrong GOODs (trusted, out of bounds): 4 (off:0, off:1, wide:0, wide:1)" in text
    assert (
        "cold, wall: faster than NUTS on 3 of 3; seconds over those of NUTS: median 0.30, "
        "geometric mean 0.30"
    ) in text
    assert "warm, wall: faster than NUTS on 3 of 3" in text
    assert "CPU" not in text  # records of before it was measured
    assert "over all 3: fluvial 9.0 cold, 3.0 warm; NUTS 30.0" in text
    assert "over the smallest 2: fluvial 6.0 cold, 2.0 warm; NUTS 20.0" in text


def test_a_line_shows_the_worst_of_the_seeds():
    zero = {"mean": 0.0, "sd": 0.0, "w1": 0.0}
    fit = zero | {"khat": 0.2, "verdict": "GOOD", "seconds": 1.5, "evaluations": 9}
    other = fit | {"mean": "nan", "khat": 0.9, "verdict": "USE_MCMC", "seconds": 0.5}
    text = line("x", {"dim": 3, "floor": zero, "fits": [fit, other]})
    assert "nan" in text
    assert "0.90    1.50    0.50        9  1 GOOD, 1 USE_MCMC" in text


def test_a_line_ends_with_the_seconds_over_those_of_nuts():
    zero = {"mean": 0.0, "sd": 0.0, "w1": 0.0}
    fit = zero | {"khat": 0.2, "verdict": "GOOD", "seconds": 1.5, "evaluations": 9}
    nuts = zero | {"rhat": 1.0, "divergences": 0, "seconds": 2.0, "gradients": 7}
    fits = [fit, fit | {"seconds": 0.5}]
    text = line("x", {"dim": 3, "floor": zero, "fits": fits, "nuts": nuts})
    assert text.endswith("0.75   0.25")


def test_records_keep_what_json_cannot_spell(tmp_path):
    path = tmp_path / "r.json"
    records.store(path, {"x": {"khat": math.inf, "list": [math.nan, 1.5]}})
    kept = records.load(path)["x"]
    assert float(kept["khat"]) == math.inf
    assert math.isnan(float(kept["list"][0]))
    assert list(tmp_path.iterdir()) == [path]


def test_records_survive_a_failed_write(tmp_path):
    path = tmp_path / "r.json"
    records.store(path, {"x": 1})
    with pytest.raises(TypeError):
        records.store(path, {"x": object()})
    assert records.load(path) == {"x": 1}
    assert list(tmp_path.iterdir()) == [path]


def test_ctrl_c_during_a_fit_ends_the_run(clone, monkeypatch):
    class Interrupted:
        interrupted = True

    monkeypatch.setattr("fluvial.fit", lambda *_, **__: Interrupted())
    with pytest.raises(KeyboardInterrupt):
        posteriordb.main(["--posteriordb", str(clone), "--skip-nuts", "--seeds", "1"])
