"""Whatever a file says, with the right seal or none: one sentence, or what it says is read."""

import json
import shutil

import jax
import numpy as np
import pytest

import fluvial
from fluvial import InputError
from fluvial.amortized import DLGM, Recipe
from fluvial.amortized.checkpoints import Checkpoints
from fluvial.amortized.trained import Trained
from fluvial.posterior.evidence import Evidence
from fluvial.posterior.gaussian import Gaussian
from fluvial.posterior.judgment import Judgment, Verdict
from fluvial.posterior.mixture import GaussianComponent, Mixture
from fluvial.posterior.pool import Pool
from fluvial.posterior.posterior import Posterior
from fluvial.posterior.provenance import Provenance
from fluvial.report.page import render_report
from fluvial.reproduction import StudyResults
from fluvial.storage.array_files import to_npz
from fluvial.storage.folder import read_folder, write_folder

from ..report import sample
from .mutated import mutated, reseal

NOT_JSON = {
    "empty": b"",
    "not UTF-8": b"\xff\xfe{}",
    "deep": b"[" * 100_000 + b"]" * 100_000,
    "null": b"null",
    "object": b"{}",
    "list": b"[]",
    "text": b'"x"',
    "format alone": b'{"format": 1}',
    "format of words": b'{"format": "1"}',
    "format NaN": b'{"format": NaN}',
    "number of many digits": b'{"format": ' + b"9" * 5000 + b"}",
    "twice": b'{"format": 1, "format": 1}',
    "half a pair": b'{"format": 1, "content": "\\ud800"}',
}

STUDY_FILES = ["study", "claims", "figures", "curves", "layers", "records/U1-planar"]


def read_all(act, path, contents, **changes):
    """Act on each content of a sealed file; return what was done that raised no InputError."""
    read, sentences = [], []
    for what, content in contents:
        reseal(path, content, **changes)
        try:
            act()
            read.append(what)
        except InputError as error:
            sentences.append(str(error))
    assert all("\n" not in sentence and len(sentence) < 1000 for sentence in sentences)
    return read


def content_of(path):
    return json.loads(path.read_text())["content"]


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """A posterior whose target is a function, so that it is saved with its own space."""
    points = np.random.default_rng(0).standard_normal((64, 2))
    target = fluvial.Target(lambda x: -0.5 * (x**2).sum(), dim=2)
    posterior = Posterior(
        Mixture((GaussianComponent(Gaussian(np.zeros(2), np.eye(2))),), np.ones(1)),
        Pool(points, target.values(points), np.full(64, -np.log(64.0))),
        Evidence(-1.5, 0.1, -np.inf, 0.02, 0.3, np.inf, 50.0),
        Judgment(Verdict.GOOD, ("A reason.",), "Advice."),
        Provenance("gaussian", 3, {"starts": 0.5}, 1000, 2, False, "0.1.0"),
        target,
    )
    return posterior.save(tmp_path_factory.mktemp("saved") / "run")


@pytest.fixture
def run(saved, tmp_path):
    return shutil.copytree(saved, tmp_path / "run")


@pytest.fixture(scope="module")
def sampled(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sampled")
    sample.energies(folder)
    sample.notebook(folder)
    return folder


@pytest.fixture
def results(sampled, tmp_path):
    return shutil.copytree(sampled, tmp_path / "results")


def use(folder):
    posterior = fluvial.load(folder)
    posterior.draws(3)
    str(posterior.summary())


def test_a_posterior_of_which_a_field_is_changed(run):
    path = run / "posterior.json"
    read = read_all(lambda: use(run), path, mutated(content_of(path)))
    assert "judgment.verdict null" not in read
    assert "evidence.khat NaN" in read


@pytest.mark.parametrize("spec", ["planar:99999999999", "planar", "nonsense", "custom"])
def test_a_posterior_with_another_flow(run, spec):
    content = content_of(run / "posterior.json")
    content["provenance"]["flow"] = spec
    read_all(lambda: use(run), run / "posterior.json", [("flow", content)])


def test_a_source_that_is_a_path_reads_no_file(run, tmp_path):
    secret = tmp_path / "secret.stan"
    secret.write_text("secret")
    content = content_of(run / "posterior.json")
    content["source"] = {"kind": "stan", "code": str(secret), "data": {}}
    assert read_all(lambda: use(run), run / "posterior.json", [("path", content)]) == []


@pytest.mark.parametrize("name", ["draws.npz", "flow.safetensors"])
def test_arrays_that_are_cut_short_with_the_right_digest(run, name):
    content, files = read_folder(run, "posterior")
    for length in (0, 1, 7, 8, 9, 100, len(files[name]) // 2, len(files[name]) - 1):
        write_folder(run, "posterior", content, files | {name: files[name][:length]})
        with pytest.raises(InputError, match=name):
            use(run)


@pytest.mark.parametrize(
    "changes",
    [
        {"points": np.zeros((64, 3))},
        {"points": np.zeros(64)},
        {"points": np.zeros((64, 2), np.float32)},
        {"points": np.zeros((0, 2))},
        {"log_p": np.zeros(63)},
        {"log_p": np.zeros((64, 1))},
        {"log_weights": np.zeros(64, np.complex128)},
        {"variable.x": np.zeros((3, 2))},
        {"variable.x": np.array(["a"] * 64)},
    ],
)
def test_arrays_of_other_shapes_and_types(run, changes):
    content, files = read_folder(run, "posterior")
    with np.load(run / "draws.npz") as archive:
        arrays = dict(archive) | changes
    draws = to_npz(arrays, compressed=False)
    write_folder(run, "posterior", content, files | {"draws.npz": draws})
    with pytest.raises(InputError):
        use(run)


@pytest.mark.parametrize("file", STUDY_FILES)
def test_a_study_of_which_a_field_is_changed(results, file):
    shutil.rmtree(results / "cnn")
    path = results / "energies" / f"{file}.json"
    read = read_all(lambda: render_report(results), path, mutated(content_of(path)))
    assert not {"0.judgment null", "0.judgment text", "0.file text", "units text"} & set(read)


def test_a_replication_of_which_a_field_is_changed(results):
    shutil.rmtree(results / "energies")
    path = results / "cnn" / "replication.json"
    content = content_of(path)
    some = [pair for k, pair in enumerate(mutated(content)) if k % 13 == 0]  # a page takes a while
    wrong = [("verdict", content | {"verdict": "GREAT"})]
    assert "verdict" not in read_all(lambda: render_report(results), path, [*some, *wrong])


@pytest.mark.parametrize("data", NOT_JSON.values(), ids=NOT_JSON)
@pytest.mark.parametrize("file", STUDY_FILES)
def test_what_is_no_result_of_a_study(results, file, data):
    (results / "energies" / f"{file}.json").write_bytes(data)
    with pytest.raises(InputError):
        render_report(results)


@pytest.mark.parametrize("data", NOT_JSON.values(), ids=NOT_JSON)
def test_what_is_no_posterior(run, data):
    (run / "posterior.json").write_bytes(data)
    with pytest.raises(InputError):
        fluvial.load(run)


def test_an_edited_judgment_is_noticed(results):
    path = results / "energies" / "claims.json"
    path.write_text(path.read_text().replace('"NOT_REPRODUCED"', '"REPRODUCED"'))
    with pytest.raises(InputError, match="not as it was written"):
        render_report(results)


@pytest.mark.parametrize("link", ["figures/curve.png", "figures", "claims.json", "records"])
def test_a_report_follows_no_link_out_of_its_folder(results, tmp_path, link):
    path = results / "energies" / link
    path.rename(tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(InputError, match="not one of its own"):
        render_report(results)


def test_results_of_the_format_without_seals_are_read(results):
    before = render_report(results)
    folder = results / "energies"
    for path in folder.rglob("*.json"):
        content = content_of(path)
        if path.name == "study.json":
            content = {"format": 1, **content}
        path.write_text(json.dumps(content))
    assert render_report(results) == before
    assert StudyResults(folder).header["study"] == "energies"


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    dlgm = DLGM(6, 2, 4, key=jax.random.key(0))
    model = Trained(dlgm, Recipe(), (2, 3), -1.0, 10, 0, ({"step": 10},))
    return model.save(tmp_path_factory.mktemp("trained") / "model")


def test_a_model_of_which_a_field_is_changed(trained, tmp_path):
    folder = shutil.copytree(trained, tmp_path / "model")
    path = folder / "dlgm.json"
    read = read_all(lambda: fluvial.load(folder), path, mutated(content_of(path)))
    assert "architecture.encoder null" not in read


def test_a_checkpoint_of_which_a_field_is_changed(tmp_path):
    checkpoints = Checkpoints(tmp_path / "run", resume=False)
    content = {"architecture": {}, "step": 3, "seconds": 1.0, "best_bound": -np.inf, "best_step": 0}
    checkpoints.write(3, content, {"a": np.zeros(3)})
    assert checkpoints.newest()[0] == content
    path = tmp_path / "run" / "checkpoints" / "000000003" / "checkpoint.json"
    read = read_all(checkpoints.newest, path, mutated(content_of(path)))
    assert {"best_bound NaN", "seconds half"} <= set(read)
    assert not {"best_bound null", "step deleted", "step huge", "best_step half"} & set(read)
