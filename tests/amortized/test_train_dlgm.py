import json
import shutil
import signal
from dataclasses import replace

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import fluvial
from fluvial.amortized import DLGM, MLP, Recipe, train
from fluvial.datasets import load_digits
from fluvial.errors import InputError
from fluvial.flows import Planar

DIGITS = load_digits()
OTHER = DIGITS.map(lambda pixels, _: pixels[::-1].copy())
SHORT = Recipe(epochs=8, warmup=10, annealing_epochs=2)


def small(**options):
    return DLGM(64, 3, 8, **options)


def run(folder=None, dlgm=None, images=DIGITS, flow="planar:2", seed=0, recipe=SHORT, **options):
    dlgm = small() if dlgm is None else dlgm
    options = {"progress": False, **options}
    return train(dlgm, images, flow, seed, recipe=recipe, checkpoint=folder, **options)


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    folder = tmp_path_factory.mktemp("train") / "run"
    return run(folder), folder


def same(a, b):
    leaves = [jax.tree.leaves(eqx.filter(t.dlgm, eqx.is_array)) for t in (a, b)]
    return all(np.array_equal(x, y) for x, y in zip(*leaves, strict=True))


def test_it_learns(finished):
    trained, _ = finished
    first = trained.history[0]["validation_bound"]
    assert trained.validation_bound > first
    assert trained.validation_bound == max(line["validation_bound"] for line in trained.history)
    assert trained.skipped == 0


def test_the_result_can_be_asked(finished):
    trained, _ = finished
    x = DIGITS.test[:20]
    bound, log_p = trained.bound(x, samples=50), trained.log_likelihood(x, samples=50)
    assert bound.shape == log_p.shape == (20,)
    assert bound.dtype == np.float64
    assert (bound <= log_p).all()  # by Jensen's inequality, on the same draws
    assert trained.encode(x).shape == (20, 3)
    assert trained.encode(x, samples=4).shape == (20, 4, 3)
    assert trained.decode(trained.encode(x)).shape == (20, 8, 8)
    assert set(np.unique(trained.sample(5, mean=False))) <= {0.0, 1.0}
    assert trained.sample(5).shape == (5, 8, 8)


def test_latent_vectors_that_do_not_fit(finished):
    with pytest.raises(InputError, match=r"have shape \(2, 4\): give .* \(N, 3\)"):
        finished[0].decode(np.zeros((2, 4), np.float32))


def test_flat_images_are_the_same_images(finished):
    trained, _ = finished
    x = DIGITS.test[:5]
    np.testing.assert_array_equal(trained.bound(x), trained.bound(x.reshape(5, 64)))


def test_one_seed_gives_the_same_bits(finished):
    assert same(finished[0], run())
    assert not same(finished[0], run(seed=1))


def test_it_is_read_back_to_the_same_bits(finished):
    trained, folder = finished
    loaded = fluvial.load(folder)
    assert same(trained, loaded)
    assert (loaded.recipe, loaded.shape) == (trained.recipe, trained.shape)
    assert loaded.history == trained.history
    assert loaded.validation_bound == trained.validation_bound


def test_a_finished_training_is_read_not_repeated(finished):
    trained, folder = finished
    again = run(folder, resume=True)
    assert same(trained, again)


def test_it_saves_and_loads_anywhere(finished, tmp_path):
    trained, _ = finished
    assert same(trained, fluvial.load(trained.save(tmp_path / "kept")))


def test_metrics_are_lines_of_json(finished):
    trained, folder = finished
    lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    assert lines == list(trained.history)
    assert len(list((folder / "checkpoints").iterdir())) == 1


class _StopError(Exception):
    pass


def interrupted(folder, monkeypatch, after, error=_StopError, **options):
    """Train until some chunks are done, then fail as nothing expects."""

    module = __import__("fluvial.amortized.training_run", fromlist=["_"])
    real, count = module.run_chunk, iter(range(100))

    def chunk(*arguments):
        if next(count) == after:
            raise error
        return real(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(module, "run_chunk", chunk)
        with pytest.raises(error):
            run(folder, checkpoint_seconds=0.0, **options)


@pytest.mark.parametrize("error", [_StopError, KeyboardInterrupt])
def test_it_resumes_to_the_same_bits(finished, tmp_path, monkeypatch, error):
    trained, _ = finished
    interrupted(tmp_path / "run", monkeypatch, after=1, error=error)
    again = run(tmp_path / "run", resume=True)
    assert same(trained, again)
    bounds = [[line["validation_bound"] for line in t.history] for t in (trained, again)]
    assert bounds[0] == bounds[1]


def test_unfinished_it_is_not_loaded(tmp_path, monkeypatch):
    interrupted(tmp_path / "run", monkeypatch, after=1)
    with pytest.raises(InputError, match="a training that is not finished"):
        fluvial.load(tmp_path / "run")


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"dlgm": DLGM(64, 4, 8)}, r"its latent is \[3\], and this model's is \[4\]"),
        ({"flow": "planar:3"}, "its flow is planar:2, and this model's is planar:3"),
        ({"seed": 5}, "run was trained with seed=0, not seed=5: resume it with seed=0, or"),
        (
            {"recipe": replace(SHORT, rate=0.1)},
            "with rate=0.003, not rate=0.1: resume it with rate",
        ),
        ({"recipe": replace(SHORT, epochs=7)}, "with epochs=8, not epochs=7: .*epochs=8 or more"),
        ({"recipe": replace(SHORT, annealing="none")}, "with annealing=kl, not annealing=none"),
        ({"images": DIGITS.train}, "of 1,437 with 64 pixels each, not 1,293 with 64 pixels each"),
        ({"images": OTHER}, "another set of images, of checksum [0-9a-f]{8}, not checksum"),
    ],
)
def test_another_training_is_not_gone_on_with(finished, change, match):
    with pytest.raises(InputError, match=match):
        run(finished[1], resume=True, **change)


MORE = replace(SHORT, epochs=16)


@pytest.fixture(scope="module")
def continued(finished, tmp_path_factory):
    folder = shutil.copytree(finished[1], tmp_path_factory.mktemp("more") / "run")
    return run(folder, resume=True, recipe=MORE), folder


def test_a_finished_training_goes_on_with_more_epochs(finished, continued):
    before, after = finished[0].history, continued[0].history
    assert after[: len(before)] == before
    assert MORE.steps(1437) <= after[-1]["step"] < MORE.steps(1437) + 10
    assert [line["step"] for line in after] == sorted({line["step"] for line in after})
    assert continued[0].recipe == MORE
    assert continued[0].validation_bound > finished[0].validation_bound


def test_the_rate_of_what_is_added_is_that_of_the_longer_schedule(finished, continued):
    last = len(finished[0].history) - 1
    rates = [line["rate"] for line in continued[0].history]
    total = continued[0].history[-1]["step"]
    steps = np.array([line["step"] - 1 for line in continued[0].history[last + 1 :]])
    np.testing.assert_allclose(rates[last + 1 :], MORE.rates(steps, total), rtol=1e-6)
    assert rates[last + 1] > rates[last]


def test_the_longer_training_is_loaded_and_read_when_resumed(continued):
    trained, folder = continued
    assert same(trained, fluvial.load(folder))
    assert same(trained, run(folder, resume=True, recipe=MORE))


def test_what_is_added_resumes_to_the_same_bits(finished, continued, tmp_path, monkeypatch):
    folder = shutil.copytree(finished[1], tmp_path / "run")
    interrupted(folder, monkeypatch, after=1, resume=True, recipe=MORE)
    assert same(finished[0], fluvial.load(folder))
    assert same(continued[0], run(folder, resume=True, recipe=MORE))


def test_more_epochs_are_announced(finished, tmp_path, capsys):
    folder = shutil.copytree(finished[1], tmp_path / "run")
    run(folder, resume=True, recipe=replace(SHORT, epochs=9), progress=True)
    said = " ".join(capsys.readouterr().err.split())
    assert "epochs to 9, with learning rates from" in said


def test_without_checkpoints_a_model_does_not_go_on(finished, tmp_path):
    folder = shutil.copytree(finished[1], tmp_path / "run")
    shutil.rmtree(folder / "checkpoints")
    (folder / "checkpoints").mkdir()
    with pytest.raises(InputError, match="no checkpoint to go on from: choose another folder"):
        run(folder, resume=True, recipe=MORE)


def test_a_training_is_not_overwritten(finished):
    with pytest.raises(InputError, match="holds a training already: resume it"):
        run(finished[1])


@pytest.mark.parametrize("how", ["short", "edited", "gone"])
def test_a_damaged_checkpoint_is_refused_and_the_one_before_stays_usable(
    finished, tmp_path, monkeypatch, how
):
    folder = tmp_path / "run"
    interrupted(folder, monkeypatch, after=2)
    *_, older, newest = sorted((folder / "checkpoints").iterdir())
    file = newest / "state.safetensors"
    data = file.read_bytes()
    if how == "gone":
        file.unlink()
    else:
        file.write_bytes(data[:-100] if how == "short" else data[:-1] + b"x")
    with pytest.raises(InputError, match=f"cut short: delete it to resume from {older.name}"):
        run(folder, resume=True)
    for path in newest.iterdir():
        path.unlink()
    newest.rmdir()
    assert same(finished[0], run(folder, resume=True))


def test_a_damaged_model_is_made_again_of_the_checkpoints(finished, tmp_path):
    folder = shutil.copytree(finished[1], tmp_path / "run")
    (folder / "model" / "dlgm.safetensors").write_bytes(b"short")
    with pytest.raises(InputError, match=r"model cannot be read .*: delete it, and resume to make"):
        run(folder, resume=True)
    shutil.rmtree(folder / "model")
    assert same(finished[0], run(folder, resume=True))


def test_a_full_disk_is_one_sentence_and_spares_what_is_there(finished, tmp_path, monkeypatch):
    folder = tmp_path / "run"
    interrupted(folder, monkeypatch, after=1)
    real = fluvial.storage.folder.write_durably

    def full(path, data):
        if path.name == "state.safetensors":
            path.write_bytes(data[:100])
            raise OSError(28, "No space left on device")
        real(path, data)

    with monkeypatch.context() as patch:
        patch.setattr("fluvial.storage.folder.write_durably", full)
        with pytest.raises(InputError, match="cannot be written: No space left on device"):
            run(folder, resume=True, checkpoint_seconds=0.0)
    assert same(finished[0], run(folder, resume=True))


@pytest.mark.slow
@pytest.mark.parametrize("likelihood", ["gaussian", "logit-normal"])
def test_other_likelihoods_learn(likelihood):
    trained = run(dlgm=small(likelihood=likelihood), recipe=Recipe(epochs=8, rate=1e-2))
    assert trained.validation_bound > trained.history[0]["validation_bound"]


def test_several_stochastic_layers_learn():
    trained = run(dlgm=DLGM(64, (3, 2), 8), recipe=Recipe(epochs=8, rate=1e-2))
    assert trained.validation_bound > trained.history[0]["validation_bound"]
    assert trained.encode(DIGITS.test[:2]).shape == (2, 5)


@pytest.mark.slow
@pytest.mark.parametrize("binarization", ["fresh", "fixed"])
def test_annealing_never_enters_the_bound(binarization):
    recipe = Recipe(epochs=2, annealing="joint", binarization=binarization)
    trained = run(flow=None, recipe=recipe)
    line = trained.history[-1]
    assert abs(line["annealed_free_energy"]) < 0.2 * abs(line["train_bound"])
    np.testing.assert_allclose(line["train_bound"], line["validation_bound"], rtol=0.2)


@pytest.mark.slow
def test_networks_and_flows_of_ones_own_are_loaded_with_them(tmp_path):
    class Own(eqx.Module):
        net: MLP

        def __call__(self, x):
            return self.net(2 * x - 1)

    def model():
        return small(encoder=Own(MLP(64, None, key=jax.random.key(1), width=8)))

    flow = Planar(3, key=jax.random.key(2))
    trained = run(tmp_path / "run", dlgm=model(), flow=flow, recipe=Recipe(epochs=1))
    with pytest.raises(InputError, match="a network or likelihood of your own"):
        fluvial.load(tmp_path / "run")
    with pytest.raises(InputError, match="a Flow of your own"):
        fluvial.load(tmp_path / "run", model=model())
    assert same(trained, fluvial.load(tmp_path / "run", model=model(), flow=flow))
    wide = Planar(3, key=jax.random.key(2), dtype=np.float16)
    with pytest.raises(InputError, match="another architecture"):
        fluvial.load(tmp_path / "run", model=model(), flow=wide)


class Fragile(eqx.Module):
    """An encoder that breaks at data of one kind."""

    net: MLP

    def __call__(self, x):
        return jnp.where(x[0] > 90, jnp.nan, self.net(x))


def test_a_step_that_is_not_finite_is_skipped_and_counted():
    images = np.random.default_rng(0).normal(size=(300, 64)).astype(np.float32)
    images[np.random.default_rng(0).permutation(300)[-1], 0] = 99.0  # not held out
    encoder = Fragile(MLP(64, None, key=jax.random.key(0), width=8))
    dlgm = small(likelihood="gaussian", encoder=encoder)
    trained = run(dlgm=dlgm, images=images, recipe=Recipe(epochs=20, batch=27))
    assert trained.skipped == 20  # once an epoch
    assert np.isfinite(trained.validation_bound)
    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(trained.dlgm))
    assert any(np.isnan(line["train_bound"]) for line in trained.history)


def test_a_batch_larger_than_the_images_is_refused():
    with pytest.raises(InputError, match="a batch of 100 is more than the 45 images"):
        run(images=DIGITS.train[:50])


def test_a_folder_of_something_else_is_left_alone(tmp_path):
    (tmp_path / "letter.txt").write_text("dear")
    with pytest.raises(InputError, match="is not empty and holds no training"):
        run(tmp_path)


def test_ctrl_c_leaves_a_checkpoint(finished, tmp_path, monkeypatch):
    module = __import__("fluvial.amortized.training_run", fromlist=["_"])
    real = module.run_chunk

    def chunk(*arguments):
        signal.raise_signal(signal.SIGINT)
        return real(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(module, "run_chunk", chunk)
        with pytest.raises(KeyboardInterrupt):
            run(tmp_path / "run")
    assert len(list((tmp_path / "run" / "checkpoints").iterdir())) == 1
    assert same(finished[0], run(tmp_path / "run", resume=True))


def test_training_ends_where_the_bound_no_longer_improves(tmp_path):
    patient = replace(SHORT, epochs=1000, rate=1e-12, annealing="none", patience=5)
    trained = run(tmp_path / "run", recipe=patient)
    epochs = [line["epoch"] for line in trained.history]
    assert 5 < epochs[-1] < 20
    assert epochs[-1] - trained.best_step * SHORT.batch / len(DIGITS.train) > 5
    assert same(run(tmp_path / "run", recipe=patient, resume=True), trained)
