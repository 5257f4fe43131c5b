import gzip
import hashlib

import numpy as np
import pytest

from fluvial.datasets import load_mnist
from fluvial.datasets import mnist as module
from fluvial.errors import InputError
from tests.datasets.files import TEST, TRAIN, gray, idx_bytes, write_mnist


@pytest.mark.parametrize("place", ["", "mnist", "MNIST/raw"])
def test_a_folder_is_read(tmp_path, place):
    images, test = gray(12), gray(5, seed=1)
    write_mnist(tmp_path / place, images, test)
    data = load_mnist(tmp_path)
    np.testing.assert_array_equal(np.concatenate([data.train, data.validation]), images)
    np.testing.assert_array_equal(data.test, test)
    assert (len(data.validation), data.shape, data.likelihood) == (2, (28, 28), "bernoulli")


def test_the_environment_names_the_folder(tmp_path, monkeypatch):
    write_mnist(tmp_path, gray(12), gray(5))
    monkeypatch.setenv("FLUVIAL_DATA", str(tmp_path))
    assert len(load_mnist().train) == 10


def test_pixels_that_are_not_the_published_ones_are_said_to_be_none(tmp_path, monkeypatch):
    images = gray(12)
    write_mnist(tmp_path, images, images)
    assert "do not hold the published pixels" in load_mnist(tmp_path).note
    published = hashlib.sha256(images.tobytes()).hexdigest()
    monkeypatch.setattr(module, "_PIXELS", {TRAIN: published, TEST: published})
    assert load_mnist(tmp_path).note == ""


def test_it_is_downloaded(mirror, monkeypatch):
    folder, address = mirror
    write_mnist(folder, gray(12), gray(5))
    hashes = {
        name: hashlib.sha256((folder / f"{name}.gz").read_bytes()).hexdigest()
        for name in (TRAIN, TEST)
    }
    monkeypatch.setattr(module, "_MIRRORS", (address,))
    monkeypatch.setattr(module, "_GZIPPED", hashes)
    assert len(load_mnist().test) == 5


def test_a_folder_without_it(tmp_path):
    with pytest.raises(InputError, match=f"holds no MNIST: there is no {TRAIN}.gz in it"):
        load_mnist(tmp_path)


def test_labels_under_the_name_of_images(tmp_path):
    write_mnist(tmp_path, gray(12), gray(5))
    (tmp_path / f"{TEST}.gz").write_bytes(gzip.compress(idx_bytes(np.zeros(5, np.uint8))))
    with pytest.raises(InputError, match="not images of bytes: it may be the file of the labels"):
        load_mnist(tmp_path)
