import gzip

import numpy as np
import pytest
from sklearn.datasets import load_digits

from fluvial.datasets.labeled import labeled_digits, labeled_mnist, mnist_folder
from fluvial.errors import InputError


def _write_idx(path, array):
    header = bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">u4").tobytes()
    path.write_bytes(gzip.compress(header + array.tobytes()))


def _write_mnist(folder, labels=4):
    rng = np.random.default_rng(0)
    folder.mkdir(parents=True, exist_ok=True)
    for part, count in (("train", labels), ("t10k", 2)):
        images = 4 if part == "train" else 2
        _write_idx(
            folder / f"{part}-images-idx3-ubyte.gz",
            rng.integers(0, 255, (images, 28, 28), np.uint8),
        )
        _write_idx(folder / f"{part}-labels-idx1-ubyte.gz", np.arange(count, dtype=np.uint8))


def test_digits_are_split_once_and_keep_their_labels():
    digits = labeled_digits()
    published = load_digits()
    by_pixels = {
        image.tobytes(): label
        for image, label in zip(
            np.round(published.images * 255 / 16).astype(np.uint8), published.target, strict=True
        )
    }
    images = np.concatenate([digits.train, digits.test])
    labels = np.concatenate([digits.train_labels, digits.test_labels])
    assert len(images) == 1797
    assert len({image.tobytes() for image in images}) == len(by_pixels)
    assert all(by_pixels[image.tobytes()] == n for image, n in zip(images, labels, strict=True))


@pytest.mark.parametrize("below", ["", "mnist", "MNIST/raw"])
def test_mnist_is_found_below_the_folder_of_data(tmp_path, monkeypatch, below):
    _write_mnist(tmp_path / below)
    monkeypatch.setenv("FLUVIAL_DATA", str(tmp_path))
    folder = mnist_folder()
    assert folder == tmp_path
    mnist = labeled_mnist(folder)
    assert mnist.train.shape == (4, 28, 28)
    assert mnist.train_labels.tolist() == [0, 1, 2, 3]
    assert len(mnist.test) == len(mnist.test_labels) == 2


def test_no_mnist_is_none(tmp_path, monkeypatch):
    monkeypatch.setenv("FLUVIAL_DATA", str(tmp_path))
    assert mnist_folder() is None
    monkeypatch.delenv("FLUVIAL_DATA")
    assert mnist_folder() is None


def test_images_without_labels_are_told(tmp_path):
    _write_mnist(tmp_path, labels=3)
    with pytest.raises(InputError, match="do not go together"):
        labeled_mnist(tmp_path)
