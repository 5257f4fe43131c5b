import json

import numpy as np
import pytest
from scipy.stats import gamma

from benchmarks import calibration
from benchmarks.calibration_targets import FAMILIES, known


@pytest.mark.parametrize("family", FAMILIES)
def test_draws_are_those_of_the_density(family):
    """By Stein's identity, E[x_i d ln p / dx_i] = -1 for every coordinate."""
    case = known(family, 3)
    x = case.truth(4096)
    assert x.shape == (4096, case.target.dim)
    terms = x * case.target.value_and_grad(x)[1]
    error = np.std(terms, axis=0) / 64.0
    assert (np.abs(np.mean(terms, axis=0) + 1.0) < 6.0 * error + 1e-3).all()


def test_the_evidence_of_counts_is_that_of_bayes_theorem():
    case = known("counts", 0)
    x = np.zeros((1, case.target.dim))
    rates = case.truth(200_000)
    a = 1.5 * np.exp(rates).mean(axis=0)  # of a Gamma(a, 1.5), which the posterior is
    expected = gamma(np.round(a * 2.0) / 2.0, scale=1.0 / 1.5).logpdf(1.0).sum()
    assert case.target.values(x)[0] - case.log_evidence == pytest.approx(expected, abs=1e-6)


def test_the_same_number_is_the_same_target():
    first, second = known("modes", 5), known("modes", 5)
    np.testing.assert_array_equal(first.truth(10), second.truth(10))


def record(**changes):
    about = {"settings": "default", "number": 0, "family": "modes", "seed": 0}
    found = {"verdict": "GOOD", "mean": 0.01, "sd": 0.01, "evidence": 0.0, "cpu_seconds": 1.0}
    return about | found | changes


def test_verdicts_are_judged_by_what_they_vouch_for():
    assert calibration.is_right(record())
    assert not calibration.is_right(record(evidence=0.4))
    assert calibration.is_right(record(evidence="nan", verdict="USE_MCMC"))
    assert not calibration.is_right(record(mean="nan"))


def test_the_table_counts_wrong_trust_and_false_alarms():
    text = calibration.table(
        [record(), record(mean=0.5), record(verdict="FAILED"), record(verdict="FAILED", sd=1.0)]
    )
    assert "| GOOD | 2 | 1 | 1.3–98.7 % |" in text
    assert "| modes | 4 | 2 | 1 (0.6–80.6 %) | 1 (0.6–80.6 %) | 1.0 |" in text


def test_a_run_goes_on_where_it_stopped(tmp_path, monkeypatch, capsys):
    out = tmp_path / "fits.jsonl"
    out.write_text(json.dumps(record()) + "\n" + '{"settings": "default", "num')
    ran = []
    monkeypatch.setattr(
        calibration, "_run", lambda *key: ran.append(key) or record(number=key[1], seed=key[3])
    )
    calibration.main(["--out", str(out), "--targets", "1", "--seeds", "2", "--families", "modes"])
    assert ran == [("default", 0, "modes", 1)]
    assert [json.loads(line)["seed"] for line in out.read_text().splitlines()] == [0, 1]
    assert "2 fits" in capsys.readouterr().out
