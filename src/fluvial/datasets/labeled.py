"""Handwritten digits with the numbers that they show, to classify."""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Int32, UInt8

from fluvial.datasets.fetching import data_folder
from fluvial.datasets.idx import read_idx
from fluvial.datasets.mnist import find_mnist
from fluvial.errors import InputError

__all__ = ["LabeledImages", "labeled_digits", "labeled_mnist", "mnist_folder"]

_FILES = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)
_TEST_DIGITS = 360
_WHITE = 255 / 16  # scikit-learn's digits have 17 shades of gray


class LabeledImages(NamedTuple):
    """Gray pictures from 0, black, to 255, white, and the digit that each shows.

    Attributes:
        name: what the data are called.
        train: pictures to learn from.
        train_labels: 0 to 9.
        test: pictures to report on.
        test_labels: 0 to 9.
    """

    name: str
    train: UInt8[np.ndarray, "N H W"]
    train_labels: Int32[np.ndarray, " N"]
    test: UInt8[np.ndarray, "T H W"]
    test_labels: Int32[np.ndarray, " T"]


def labeled_digits() -> LabeledImages:
    """Return scikit-learn's 1,797 digits of 8x8 pixels, 360 of them to test.

    Example:
        >>> digits = labeled_digits()
        >>> digits.train.shape, digits.test.shape, digits.train.max()
        ((1437, 8, 8), (360, 8, 8), np.uint8(255))
    """
    from sklearn.datasets import load_digits

    digits: Any = load_digits()
    images = np.round(digits.images * _WHITE).astype(np.uint8)
    order = np.random.default_rng(0).permutation(len(images))
    test, train = order[:_TEST_DIGITS], order[_TEST_DIGITS:]
    labels = digits.target.astype(np.int32)
    return LabeledImages("digits", images[train], labels[train], images[test], labels[test])


def mnist_folder() -> Path | None:
    """Return the folder ``FLUVIAL_DATA`` if MNIST's four files are there, as ``load_mnist`` reads.

    Raises:
        InputError: if ``FLUVIAL_DATA`` is not a folder.
    """
    folder = data_folder(None)
    if folder is None:
        return None
    try:
        for file in _FILES:
            find_mnist(folder, file)
    except InputError:
        return None
    return folder


def labeled_mnist(folder: Path) -> LabeledImages:
    """Read MNIST: 60,000 digits of 28x28 pixels to learn from, 10,000 to test.

    Args:
        folder: where its four IDX files are, as for ``load_mnist``.

    Raises:
        InputError: if a file is missing or damaged, or images and labels are not equally many.
    """
    train, train_labels, test, test_labels = (read_idx(find_mnist(folder, file)) for file in _FILES)
    for images, labels in ((train, train_labels), (test, test_labels)):
        if images.ndim != 3 or labels.shape != images.shape[:1]:
            raise InputError(
                f"the files of MNIST in {folder} hold images of shape {images.shape} and labels of "
                f"shape {labels.shape}, which do not go together: get them again."
            )
    return LabeledImages(
        "mnist", train, train_labels.astype(np.int32), test, test_labels.astype(np.int32)
    )
