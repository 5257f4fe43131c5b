import json
from dataclasses import replace

import jax.numpy as jnp
import numpy as np
import pytest

import fluvial
from fluvial.cli import main
from fluvial.posterior.evidence import Evidence
from fluvial.posterior.gaussian import Gaussian
from fluvial.posterior.judgment import Judgment, Verdict
from fluvial.posterior.mixture import GaussianComponent, Mixture
from fluvial.posterior.pool import Pool
from fluvial.posterior.posterior import Posterior
from fluvial.posterior.provenance import Provenance


@pytest.fixture
def folders(tmp_path):
    """Two saved posteriors, of models whose evidences differ by 2 nats."""
    target = fluvial.Target(lambda x: -0.5 * jnp.sum(x**2), dim=1)
    x = np.random.default_rng(0).standard_normal((64, 1))
    made = Posterior(
        Mixture((GaussianComponent(Gaussian(np.zeros(1), np.eye(1))),), np.ones(1)),
        Pool(x, target.values(x), np.full(64, -np.log(64.0))),
        Evidence(0.9, 0.01, 0.9, 0.01, 0.0, 0.1, 64.0),
        Judgment(Verdict.GOOD, ("A reason.",), ""),
        Provenance("gaussian", 0, {}, 1, 0, False, "0.1.0"),
        target,
    )
    worse = replace(made, evidence=replace(made.evidence, log_evidence=-1.1))
    failed = replace(made, judgment=Judgment(Verdict.FAILED, ("A reason.",), ""))
    named = {"a": made, "b": worse, "failed": failed}
    return {name: str(p.save(tmp_path / name)) for name, p in named.items()}


def _run(*arguments):
    with pytest.raises(SystemExit) as left:
        main(["compare", *arguments])
    return left.value.code


def test_the_table_is_printed_and_saved(folders, tmp_path, capsys):
    out = tmp_path / "out"
    assert _run(folders["a"], folders["b"], "--out", str(out)) == 0
    assert "ranking: a > b" in capsys.readouterr().out
    saved = json.loads((out / "comparison.json").read_text())
    assert saved["ranking"] == [["a"], ["b"]]
    assert saved["rows"][0]["probability"] == pytest.approx(1 / (1 + np.exp(-2)))
    assert (out / "comparison.png").is_file()


def test_what_cannot_be_ranked_leaves_with_3(folders, capsys):
    assert _run(folders["a"], folders["failed"]) == 3
    assert "The fit of failed has FAILED" in capsys.readouterr().out


def test_a_folder_that_cannot_be_written_is_one_sentence(folders, tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert _run(folders["a"], folders["b"], "--out", str(tmp_path / "file")) == 1
    assert "file is a file" in capsys.readouterr().err


@pytest.mark.parametrize("given", [[], ["a"]])
def test_fewer_than_two_folders_are_wrong_usage(folders, given):
    assert _run(*(folders[name] for name in given)) == 2


def test_wrong_folders_are_one_sentence(folders, tmp_path, capsys):
    assert _run(folders["a"], folders["a"]) == 1
    assert "the same folder was given twice" in capsys.readouterr().err
    assert _run(folders["a"], str(tmp_path / "none")) == 1
    assert capsys.readouterr().err.count("\n") == 1
