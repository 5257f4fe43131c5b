"""MNIST: 70,000 handwritten digits of 28x28 gray pixels (Y. LeCun, C. Cortes, C. Burges)."""

import hashlib
from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from fluvial.datasets.dataset import Dataset
from fluvial.datasets.fetching import data_folder, download
from fluvial.datasets.idx import read_idx
from fluvial.errors import InputError

__all__ = ["find_mnist", "load_mnist"]

_MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
)
_TRAIN, _TEST = "train-images-idx3-ubyte", "t10k-images-idx3-ubyte"
_GZIPPED = {  # SHA-256 of the published .gz files
    _TRAIN: "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
    _TEST: "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
}
_PIXELS = {  # SHA-256 of the pixels alone, however they were compressed
    _TRAIN: "741c988805d008ac6e4c904b69001ba184c24b2c540a4ef403f4c71b676cf757",
    _TEST: "6d87418db22cc8025d05968bec9bd5c3932904b23485740db143a061a2c9d161",
}
_FOLDERS = ("", "mnist", "MNIST", "MNIST/raw")
_VALIDATION = 10_000


def load_mnist(directory: str | Path | None = None) -> Dataset:
    """Return MNIST: 50,000 digits to train on, the last 10,000 of its training file to choose by.

    Args:
        directory: a folder with the IDX files, gzipped or not, in itself or in ``mnist/``;
            otherwise that of ``FLUVIAL_DATA``; otherwise the files are fetched and cached.

    Returns:
        uint8 pixels of shape (N, 28, 28); the note says where they are not the published ones.

    Raises:
        InputError: if the folder holds no MNIST, a file is damaged, or nothing can be fetched.
    """
    folder = data_folder(directory)
    images, test = (_images(folder, name) for name in (_TRAIN, _TEST))
    kept = len(images) - min(_VALIDATION, len(images) // 6)
    published = all(_hash(p) == _PIXELS[n] for p, n in ((images, _TRAIN), (test, _TEST)))
    note = "" if published else "The files named as MNIST's do not hold the published pixels."
    return Dataset("mnist", images[:kept], images[kept:], test, "bernoulli", note)


def find_mnist(folder: Path, name: str) -> Path:
    """Return one of MNIST's files, gzipped or not, in a folder itself or where others put it.

    Raises:
        InputError: if it is not there.

    Example:
        >>> find_mnist(Path("no/such/folder"), "t10k-labels-idx1-ubyte")
        Traceback (most recent call last):
        ...
        fluvial.errors.InputError: no/such/folder holds no MNIST: there is no t10k-labels-idx1-...
    """
    for place in _FOLDERS:
        for file in (name, f"{name}.gz"):
            if (folder / place / file).is_file():
                return folder / place / file
    raise InputError(
        f"{folder} holds no MNIST: there is no {name}.gz in it, nor in {folder}/mnist."
    )


def _images(folder: Path | None, name: str) -> UInt8[np.ndarray, "N H W"]:
    path = find_mnist(folder, name) if folder else _download(name)
    images = read_idx(path)
    if images.ndim != 3 or images.dtype != np.uint8:
        raise InputError(
            f"{path} holds {images.dtype} of shape {images.shape}, not images of bytes: it may be "
            "the file of the labels under another name."
        )
    return images


def _download(name: str) -> Path:
    return download("MNIST", f"{name}.gz", _MIRRORS, _GZIPPED[name])


def _hash(images: np.ndarray) -> str:
    return hashlib.sha256(images.tobytes()).hexdigest()
