import numpy as np
import pytest

from fluvial.datasets import describe, load_own, read_images
from fluvial.errors import InputError
from tests.datasets.files import color, gray, idx_bytes, png


def _saved(tmp_path, values):
    np.save(tmp_path / "own.npy", values)
    return tmp_path / "own.npy"


@pytest.mark.parametrize(
    ("values", "dtype", "likelihood"),
    [
        (gray(20, 4), "uint8", "bernoulli"),
        (gray(20, 4).astype(np.int64), "uint8", "bernoulli"),
        (color(20, 4), "uint8", "logit-normal"),
        (gray(20, 4) > 127, "bool", "bernoulli"),
        ((gray(20, 4) > 127).astype(np.float64), "bool", "bernoulli"),
        (gray(20, 4) / 255.0, "float32", "bernoulli"),
        (color(20, 4) / 255.0, "float32", "logit-normal"),
        (gray(20, 4) / 255.0 - 0.5, "float32", "gaussian"),
    ],
)
def test_type_and_likelihood_are_inferred(tmp_path, values, dtype, likelihood):
    data = load_own(_saved(tmp_path, values))
    assert (data.train.dtype, data.likelihood, data.name) == (dtype, likelihood, "own")
    assert [len(data.train), len(data.validation), len(data.test)] == [16, 2, 2]
    read = np.concatenate([data.train, data.validation, data.test])
    key = read.reshape(20, -1).sum(axis=1).astype(float)
    np.testing.assert_allclose(np.sort(key), np.sort(values.reshape(20, -1).sum(axis=1)), rtol=1e-5)


def test_every_format_gives_the_same_images(tmp_path):
    images = gray(12, 4)
    (tmp_path / "idx").write_bytes(idx_bytes(images))
    np.savez(tmp_path / "own.npz", labels=np.arange(12), pixels=images)
    np.savez(tmp_path / "two.npz", images=images, masks=images > 5)
    (tmp_path / "folder").mkdir()
    for k, image in enumerate(images):
        (tmp_path / "folder" / f"{k:02}.png").write_bytes(png(image))
    for path in (_saved(tmp_path, images), *(tmp_path / n for n in ("idx", "own.npz", "two.npz"))):
        np.testing.assert_array_equal(read_images(path), images)
    np.testing.assert_array_equal(read_images(tmp_path / "folder"), images)


@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        (np.arange(20), r"own.npy has shape \(20,\), one number for each image, as labels have"),
        (np.arange(20)[:, None], "as labels have"),
        (np.eye(10)[np.arange(20) % 10], "exactly one 1 in each row, as one-hot labels have"),
        (
            np.full((20, 2, 2), np.nan),
            r"NaN or infinite pixels, 80 of them, the first at index \(0, 0, 0\)",
        ),
        (np.full((20, 2, 2), np.inf), "NaN or infinite pixels, 80 of them"),
        (np.arange(59_920, 60_000, dtype=np.uint16).reshape(20, 2, 2), "from 59920 to 59999, whi"),
        (np.arange(-1, 79).reshape(20, 2, 2), "integers from -1 to 78"),
        (np.arange(80.0).reshape(20, 2, 2) * 1e300, "which float32 cannot hold: rescale them"),
        (np.full((20, 2, 2), 7.0), "own.npy is blank, 7 in every pixel: there is nothing to learn"),
        (gray(20, 2) * 1j, "holds complex128 values: give images of real numbers"),
        (np.zeros(20, [("a", "f4")]), "give images of real numbers"),
        (gray(1, 2), "holds 1 image, too few"),
        (np.zeros((0, 2, 2)), "there is no image in it"),
        (np.zeros((2, 2, 2, 2, 2)), r"shape \(2, 2, 2, 2, 2\): give images of shape"),
        (np.array(["a", "b"]), "holds <U1 values"),
        (gray(9, 2), "holds 9 images, too few"),
    ],
)
def test_what_are_no_images(tmp_path, values, complaint):
    with pytest.raises(InputError, match=complaint):
        load_own(_saved(tmp_path, values))


def test_images_of_different_sizes_in_an_array(tmp_path):
    ragged = np.empty(2, object)
    ragged[:] = [gray(1, 2), gray(1, 3)]
    np.save(tmp_path / "own.npy", ragged, allow_pickle=True)
    with pytest.raises(InputError, match="Python objects, as images of different sizes make"):
        load_own(tmp_path / "own.npy")
    np.savez(tmp_path / "own.npz", images=ragged)
    with pytest.raises(InputError, match="Python objects, as images of different sizes make"):
        load_own(tmp_path / "own.npz")


@pytest.mark.parametrize("likelihood", ["bernoulli", "logit-normal"])
def test_a_likelihood_that_cannot_produce_the_data(tmp_path, likelihood):
    path = _saved(tmp_path, gray(20, 4) / 100.0)
    with pytest.raises(InputError, match=f"a {likelihood} likelihood produces none outside"):
        load_own(path, likelihood)


def test_a_likelihood_that_there_is_not(tmp_path):
    path = _saved(tmp_path, gray(20, 4))
    with pytest.raises(InputError, match="no likelihood 'poisson': choose one of bernoulli, gau"):
        load_own(path, "poisson")


@pytest.mark.parametrize("suffix", [".npy", ".npz"])
def test_a_damaged_file(tmp_path, suffix):
    (tmp_path / f"own{suffix}").write_bytes(b"damaged")
    with pytest.raises(InputError, match="is damaged or not a NumPy file"):
        load_own(tmp_path / f"own{suffix}")


def test_an_archive_cut_short(tmp_path):
    np.savez(tmp_path / "own.npz", images=gray(20))
    path = tmp_path / "own.npz"
    path.write_bytes(path.read_bytes()[:900])
    with pytest.raises(InputError, match="is damaged or not a NumPy file"):
        load_own(path)


def test_several_arrays_of_which_none_is_named(tmp_path):
    np.savez(tmp_path / "own.npz", a=gray(20, 2), b=gray(20, 2))
    with pytest.raises(InputError, match="holds a, b, none named images"):
        load_own(tmp_path / "own.npz")


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(InputError, match=r"absent.npy does not exist"):
        load_own(tmp_path / "absent.npy")


@pytest.mark.parametrize("size", ["0x4", "5", "axb", "99999x99999", (0, 4), (2000, 2)])
def test_sizes_that_make_no_sense(tmp_path, size):
    (tmp_path / "a.png").write_bytes(png(gray(1, 4)[0]))
    with pytest.raises(InputError, match="give width and height, each from 1 to 1024 pixels"):
        read_images(tmp_path, size=size)


def test_arrays_are_not_resized(tmp_path):
    with pytest.raises(InputError, match="only pictures are resized"):
        read_images(_saved(tmp_path, gray(5, 4)), size="2x2")


def test_a_single_picture(tmp_path):
    (tmp_path / "a.png").write_bytes(png(gray(1, 4)[0]))
    with pytest.raises(InputError, match=r"a.png is one picture: give a folder of at least 10"):
        read_images(tmp_path / "a.png")


def test_what_was_guessed_is_kept_with_the_data(tmp_path):
    data = load_own(_saved(tmp_path, np.moveaxis(color(20, 5), -1, 1)))
    assert describe(data) == (
        "own: 20 images of 5x5, color, uint8 0 to 255 -> logit-normal likelihood (guessed from "
        "colors in 255ths: --likelihood chooses another); shape (20, 3, 5, 5) is taken as channels "
        "first; 16 to train on, 2 to choose by, 2 to test"
    )
    chosen = load_own(_saved(tmp_path, gray(20, 4)), "gaussian")
    assert "-> gaussian likelihood; 16 to train on" in describe(chosen)


def test_floats_stay_as_they_are_for_a_gaussian_that_is_asked_for(tmp_path):
    path = _saved(tmp_path, gray(20, 4).astype(float))
    assert load_own(path).train.dtype == np.uint8
    chosen = load_own(path, "gaussian")
    assert chosen.train.dtype == np.float32
    assert chosen.train.max() > 200
