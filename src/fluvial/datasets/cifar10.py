"""CIFAR-10: 60,000 photographs of 32x32 pixels in color (A. Krizhevsky, 2009).

Read from the binary distribution, where an image is one byte of label and then 3,072 bytes, the red
plane first; or from pictures in folders ``train`` and ``test``. Never from the pickled one.
"""

import tarfile
import zlib
from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from fluvial.datasets.dataset import Dataset
from fluvial.datasets.fetching import data_folder, download
from fluvial.datasets.limits import check_size
from fluvial.datasets.pictures import read_folder, read_tar_of_pictures
from fluvial.errors import InputError

__all__ = ["load_cifar10"]

_MIRRORS = (
    "https://www.cs.toronto.edu/~kriz/",
    "https://storage.googleapis.com/s4tf-hosted-binaries/datasets/CIFAR10/",
)
_ARCHIVE = "cifar-10-binary.tar.gz"
_SHA256 = "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd"
_TRAIN, _TEST = tuple(f"data_batch_{k}.bin" for k in range(1, 6)), ("test_batch.bin",)
_FOLDERS = ("", "cifar-10-batches-bin", "cifar10", "cifar10/cifar-10-batches-bin")
_PICTURES = ("", "cifar10", "CIFAR-10", "CIFAR-10-images")
_PICKLED = ("cifar-10-python", "cifar-10-batches-py")
_RECORD = 1 + 3 * 32 * 32
_VALIDATION = 5_000
_Parts = tuple[np.ndarray, np.ndarray]


def load_cifar10(directory: str | Path | None = None) -> Dataset:
    """Return CIFAR-10: 45,000 photographs to train on, 5,000 of its training files to choose by.

    Args:
        directory: a folder that holds, itself or in ``cifar10/``, the binary distribution (unpacked
            or as cifar-10-binary.tar.gz), or pictures: folders ``train`` and ``test``, or a tar of
            these named cifar10*.tar*; otherwise that of ``FLUVIAL_DATA``; otherwise the binary
            distribution is fetched and cached.

    Returns:
        uint8 pixels of shape (N, 32, 32, 3); the note says where they come from JPEGs, and so are
        not the published ones.

    Raises:
        InputError: if the folder holds no CIFAR-10, a file is damaged, or nothing can be fetched.
    """
    folder = data_folder(directory)
    if folder is None:
        parts, note = _from_archive(download("CIFAR-10", _ARCHIVE, _MIRRORS, _SHA256)), ""
    else:
        parts, note = _from_folder(folder)
    images, test = parts
    # At random, since pictures come in the order of their classes.
    images = images[np.random.default_rng(0).permutation(len(images))]
    kept = len(images) - min(_VALIDATION, len(images) // 10)
    return Dataset("cifar10", images[:kept], images[kept:], test, "logit-normal", note)


def _from_folder(folder: Path) -> tuple[_Parts, str]:
    for place in _FOLDERS:
        if all((folder / place / name).is_file() for name in (*_TRAIN, *_TEST)):
            return _from_files(folder / place), ""
        if (folder / place / _ARCHIVE).is_file():
            return _from_archive(folder / place / _ARCHIVE), ""
    for place in _PICTURES:
        if all((folder / place / part).is_dir() for part in ("train", "test")):
            train, test = (read_folder(folder / place / p, color=True) for p in ("train", "test"))
            return (train.pixels, test.pixels), _lossy(folder / place)
    for path in sorted(folder.glob("cifar10*.tar*")):
        pictures = read_tar_of_pictures(path, "train", "test")
        return (pictures["train"], pictures["test"]), _lossy(path)
    raise InputError(f"{folder} holds no CIFAR-10: {_missing(folder)}.")


def _missing(folder: Path) -> str:
    if any(path.name.startswith(_PICKLED) for path in folder.iterdir()):
        return f"the distribution in it is the pickled one, which is never read; get {_ARCHIVE}"
    return f"there is no {_ARCHIVE} in it, nor pictures in cifar10/train and cifar10/test"


def _lossy(path: Path) -> str:
    return (
        f"The images are pictures from {path.name}: where these are JPEGs they lost detail, and "
        "likelihoods differ from those on the published pixels."
    )


def _from_files(folder: Path) -> _Parts:
    return _images(folder, {name: (folder / name).read_bytes() for name in (*_TRAIN, *_TEST)})


def _from_archive(path: Path) -> _Parts:
    try:
        with tarfile.open(path) as tar:
            members = {Path(member.name).name: member for member in tar if member.isfile()}
            files = {}
            for name in (*_TRAIN, *_TEST):
                if name not in members:
                    raise InputError(f"{path} holds no {name}: get the binary distribution again.")
                check_size(members[name].size, path.stat().st_size, f"{path}: {name}")
                file = tar.extractfile(members[name])
                files[name] = b"" if file is None else file.read()
    except (tarfile.TarError, EOFError, zlib.error, OSError) as error:
        raise InputError(f"{path} is damaged or cut short: get it again.") from error
    return _images(path, files)


def _images(path: Path, files: dict[str, bytes]) -> _Parts:
    train = np.concatenate([_decoded(path, name, files[name]) for name in _TRAIN])
    return train, _decoded(path, _TEST[0], files[_TEST[0]])


def _decoded(path: Path, name: str, data: bytes) -> UInt8[np.ndarray, "N 32 32 3"]:
    if not data or len(data) % _RECORD:
        raise InputError(
            f"{path}: {name} holds {len(data)} bytes, not a whole number of images: get it again."
        )
    records = np.frombuffer(data, np.uint8).reshape(-1, _RECORD)
    planes = records[:, 1:].reshape(-1, 3, 32, 32)
    return np.ascontiguousarray(planes.transpose(0, 2, 3, 1))
