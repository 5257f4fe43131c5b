import hashlib
from pathlib import Path

import numpy as np
import pytest

from fluvial.datasets import Dataset, load_cifar10
from fluvial.datasets import cifar10 as module
from fluvial.errors import InputError
from tests.datasets.files import cifar_files, color, png, write_tar

IMAGES = color(24)  # four in each of six files


def _write_pictures(folder: Path) -> None:
    for part, images in (("train", IMAGES[:20]), ("test", IMAGES[20:])):
        for k, image in enumerate(images):
            path = folder / part / "cat" / f"{k:04}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(png(image))


def _assert_holds_the_images(data: Dataset) -> None:
    np.testing.assert_array_equal(data.test, IMAGES[20:])
    read = np.concatenate([data.train, data.validation])
    assert sorted(image.tobytes() for image in read) == sorted(i.tobytes() for i in IMAGES[:20])
    assert (len(data.validation), data.likelihood) == (2, "logit-normal")


@pytest.mark.parametrize("place", ["", "cifar-10-batches-bin", "cifar10"])
def test_the_binary_files_are_read(tmp_path, place):
    (tmp_path / place).mkdir(exist_ok=True)
    for name, data in cifar_files(IMAGES).items():
        (tmp_path / place / name).write_bytes(data)
    data = load_cifar10(tmp_path)
    _assert_holds_the_images(data)
    assert data.note == ""


def test_the_binary_archive_is_read(tmp_path):
    files = {f"cifar-10-batches-bin/{name}": data for name, data in cifar_files(IMAGES).items()}
    write_tar(tmp_path / "cifar-10-binary.tar.gz", files)
    _assert_holds_the_images(load_cifar10(tmp_path))


def test_it_is_downloaded(mirror, monkeypatch):
    folder, address = mirror
    archive = folder / "cifar-10-binary.tar.gz"
    write_tar(archive, cifar_files(IMAGES))
    monkeypatch.setattr(module, "_MIRRORS", (address,))
    monkeypatch.setattr(module, "_SHA256", hashlib.sha256(archive.read_bytes()).hexdigest())
    _assert_holds_the_images(load_cifar10())


def test_folders_of_pictures_are_read_and_noted(tmp_path):
    _write_pictures(tmp_path / "cifar10")
    data = load_cifar10(tmp_path)
    _assert_holds_the_images(data)
    assert "where these are JPEGs they lost detail" in data.note


def test_a_tar_of_pictures_is_read_and_noted(tmp_path):
    files = {f"train/cat/{k:04}.png": png(image) for k, image in enumerate(IMAGES[:20])}
    files |= {f"test/cat/{k:04}.png": png(image) for k, image in enumerate(IMAGES[20:])}
    write_tar(tmp_path / "cifar10-pictures.tar.gz", dict(reversed(files.items())))
    data = load_cifar10(tmp_path)
    _assert_holds_the_images(data)
    assert "cifar10-pictures.tar.gz" in data.note


@pytest.mark.parametrize("name", ["cifar-10-python.tar.gz", "cifar-10-batches-py"])
def test_the_pickled_distribution_is_refused(tmp_path, name):
    (tmp_path / name).write_bytes(b"")
    with pytest.raises(InputError, match=r"pickled one, which is never read; get cifar-10-binary"):
        load_cifar10(tmp_path)


def test_a_folder_without_it(tmp_path):
    with pytest.raises(InputError, match=r"holds no CIFAR-10: there is no cifar-10-binary.tar.gz"):
        load_cifar10(tmp_path)


def test_an_archive_cut_short(tmp_path):
    archive = tmp_path / "cifar-10-binary.tar.gz"
    write_tar(archive, cifar_files(IMAGES))
    archive.write_bytes(archive.read_bytes()[:5000])
    with pytest.raises(InputError, match="damaged or cut short"):
        load_cifar10(tmp_path)


def test_an_archive_of_something_else(tmp_path):
    write_tar(tmp_path / "cifar-10-binary.tar.gz", {"a.txt": b"a"})
    with pytest.raises(InputError, match=r"holds no data_batch_1.bin"):
        load_cifar10(tmp_path)


def test_a_file_cut_short(tmp_path):
    for name, data in cifar_files(IMAGES).items():
        (tmp_path / name).write_bytes(data[:-1])
    with pytest.raises(InputError, match=r"data_batch_1.bin holds 12291 bytes, not a whole number"):
        load_cifar10(tmp_path)


def test_a_tar_without_a_part(tmp_path):
    write_tar(tmp_path / "cifar10.tar.gz", {"train/0.png": png(IMAGES[0])})
    with pytest.raises(InputError, match="holds no pictures in a folder test/"):
        load_cifar10(tmp_path)
