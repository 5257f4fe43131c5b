import csv
import json
from types import SimpleNamespace

import numpy as np
import pytest

import fluvial
from fluvial import amortized
from fluvial.cli import show_trained

SMALL = ("--latent", 2, "--hidden", 8, "--epochs", 2, "--quiet")


def test_it_trains_on_peoples_own_images(run, tmp_path):
    rng = np.random.default_rng(0)
    np.save(tmp_path / "own.npy", rng.integers(0, 256, (400, 4, 4), dtype=np.uint8))
    out = tmp_path / "run"
    code, stdout, stderr = run("train", tmp_path / "own.npy", "--out", out, *SMALL)
    assert (code, stderr) == (0, "")
    assert "test log p(x)" in stdout
    assert "drawn black or white: fresh for training" in stdout
    trained = fluvial.load(out)
    assert trained.shape == (4, 4)
    assert trained.dlgm.inference.flow.spec == "planar:10"


def test_few_images_are_one_batch(run, tmp_path, monkeypatch):
    recipes = []

    def end(*_, recipe, **__):
        recipes.append(recipe)
        raise KeyboardInterrupt

    monkeypatch.setattr(amortized, "train", end)
    np.save(tmp_path / "own.npy", np.random.default_rng(0).random((20, 4, 4)))
    run("train", tmp_path / "own.npy", "--out", tmp_path / "run")
    run("train", "digits", "--out", tmp_path / "run")
    assert [recipe.batch for recipe in recipes] == [16, 100]


def test_it_says_what_it_understood_of_the_data(run, tmp_path, monkeypatch):
    def end(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(amortized, "train", end)
    np.save(tmp_path / "own.npy", np.linspace(-1, 16, 400 * 6).reshape(400, 2, 3))
    _, _, stderr = run("train", tmp_path / "own.npy", "--out", tmp_path / "run")
    assert stderr.startswith(
        "data: own: 400 images of 3x2 (width x height), gray, float32 -1 to 16 -> gaussian "
        "likelihood (guessed from values outside [0, 1]: --likelihood chooses another); 320 to "
        "train on, 40 to choose by, 40 to test\n"
    )


@pytest.mark.slow
def test_likelihood_layers_and_no_flow_can_be_asked_for(run, tmp_path):
    out = tmp_path / "run"
    options = ("--likelihood", "gaussian", "--latent", 3, "--flow", "none")
    code, _, _ = run("train", "digits", "--out", out, *SMALL, *options)
    trained = fluvial.load(out)
    assert code == 0
    assert trained.dlgm.likelihood.name == "gaussian"
    assert trained.dlgm.latent == (2, 3)
    assert trained.dlgm.inference.flow is None


@pytest.mark.slow
def test_a_folder_in_use_asks_for_resume(run, tmp_path):
    out = tmp_path / "run"
    assert run("train", "digits", "--out", out, *SMALL)[0] == 0
    code, stdout, stderr = run("train", "digits", "--out", out, *SMALL)
    assert (code, stdout) == (1, "")
    assert "holds a training already" in stderr
    assert run("train", "digits", "--out", out, *SMALL, "--resume")[0] == 0


def test_ctrl_c_says_how_to_go_on(run, tmp_path, monkeypatch):
    def interrupt(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(amortized, "train", interrupt)
    code, _, stderr = run("train", "digits", "--out", tmp_path / "run", *SMALL)
    assert code == 130
    assert "--resume goes on with" in stderr


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        (("no-such-file.npy",), "no file or folder 'no-such-file.npy'"),
        (("digits", "--flow", "planer:3"), 'no flow is called "planer"'),
        (("absent.npy", "--flow", "planar:99999999999"), "at most 1,000 are built"),
        (("digits", "--epochs", "1e300"), "epochs=1e+300 of 1437 images in batches of 100"),
        (("digits", "--hidden", "99999999999"), "GB to train, and this machine has"),
        (("digits", "--latent", "9999999999"), "GB to train, and this machine has"),
        (("digits", "--size", "8x8"), "digits is as it is published: leave size and color out"),
        (("digits", "--activation", "sine"), 'no activation is called "sine"'),
    ],
)
def test_wrong_input_is_one_sentence(run, tmp_path, arguments, match):
    code, _, stderr = run("train", "--out", tmp_path / "run", *SMALL, *arguments)
    assert code == 1
    assert match in stderr
    assert stderr.count("\n") == 1


@pytest.mark.parametrize("seed", ["-1", "99999999999999999999"])
def test_what_is_no_seed_is_wrong_usage(run, seed):
    code, _, stderr = run("train", "absent.npy", "--seed", seed)
    assert code == 2
    assert "--seed" in stderr


@pytest.mark.parametrize(
    ("shape", "words"), [((5, 5), "give such images"), ((4, 4), "as --labels FILE")]
)
def test_images_that_a_model_was_not_made_for_are_refused_in_words_of_the_command(
    run, tmp_path, monkeypatch, shape, words
):
    trained = SimpleNamespace(shape=(4, 4), dlgm=SimpleNamespace(classes=3))
    monkeypatch.setattr(show_trained, "load_model", lambda folder: trained)
    np.save(tmp_path / "own.npy", np.random.default_rng(0).random((20, *shape)))
    code, _, err = run("encode", tmp_path, tmp_path / "own.npy")
    assert (code, err.count("\n")) == (1, 1)
    assert words in err


def test_what_was_learned_is_left_beside_the_model_and_can_be_asked(run, tmp_path):
    rng = np.random.default_rng(0)
    images = rng.random((60, 4, 4)) < np.linspace(0.0, 1.0, 60)[:, None, None]
    np.save(tmp_path / "own.npy", images)
    out = tmp_path / "run"
    code, stdout, _ = run("train", tmp_path / "own.npy", "--out", out, *SMALL)
    pictures = ["curves.png", "samples.png", "reconstructions.png"]
    files = ", ".join(["model", "checkpoints", "metrics.jsonl", "metrics.csv", *pictures])
    assert (code, stdout.splitlines()[-1]) == (0, f"saved in {out}: {files}")
    rows = list(csv.DictReader((out / "metrics.csv").read_text().splitlines()))
    assert float(rows[-1]["validation_bound"]) == pytest.approx(
        fluvial.load(out).history[-1]["validation_bound"]
    )
    assert "validation bound" in run("show", out)[1]
    shown = json.loads(run("show", out, "--format", "json")[1])
    assert (shown["shape"], shown["best_step"]) == ([4, 4], fluvial.load(out).best_step)
    (row,) = csv.DictReader(run("show", out, "--format", "csv")[1].splitlines())
    assert float(row["validation_bound"]) == shown["validation_bound"]
    code, stdout, stderr = run("show", out, "--vars", "z")
    assert (code, stdout, stderr.count("\n")) == (1, "", 1)
    assert "leave out --vars" in stderr
    assert run("sample", out, "-n", 3, "--out", tmp_path / "new.npz")[0] == 0
    with np.load(tmp_path / "new.npz") as new:
        assert new["images"].shape == (3, 4, 4)
    assert (tmp_path / "new.png").is_file()
    assert run("encode", out, tmp_path / "own.npy", "--out", tmp_path / "z.npz")[0] == 0
    with np.load(tmp_path / "z.npz") as latents:
        encoded = fluvial.load(out).encode(images)
        np.testing.assert_allclose(latents["latents"], encoded, rtol=1e-5)
    code, _, err = run("sample", out, "--out", tmp_path / "new.png")
    assert (code, err.count("\n")) == (1, 1)
