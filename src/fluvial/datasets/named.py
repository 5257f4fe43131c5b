"""A data set by its name, or by the path of its files."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from fluvial.datasets.cifar10 import load_cifar10
from fluvial.datasets.dataset import Dataset
from fluvial.datasets.digits import load_digits
from fluvial.datasets.files import load_own
from fluvial.datasets.likelihood import check_likelihood
from fluvial.datasets.mnist import load_mnist
from fluvial.datasets.photo_patches import load_photo_patches
from fluvial.errors import InputError

__all__ = ["NAMES", "load_dataset"]

_EMBEDDED: dict[str, Callable[[], Dataset]] = {
    "digits": load_digits,
    "photo-patches": load_photo_patches,
}
_FETCHED: dict[str, Callable[[str | Path | None], Dataset]] = {
    "mnist": load_mnist,
    "cifar10": load_cifar10,
}
NAMES = (*_EMBEDDED, *_FETCHED)


def load_dataset(
    name_or_path: str | Path,
    likelihood: str | None = None,
    directory: str | Path | None = None,
    *,
    size: str | tuple[int, int] | None = None,
    color: bool | None = None,
    labels: np.ndarray | None = None,
) -> Dataset:
    """Return a data set by its name, or one from files by its path; a name comes first.

    Args:
        name_or_path: one of ``NAMES``, or a .npy, .npz or IDX file, or a folder, zip or tar of
            pictures.
        likelihood: one of ``LIKELIHOODS``, in place of the one that suits the pixels.
        directory: where mnist or cifar10 are; see ``load_mnist`` and ``load_cifar10``.
        size: see ``read_images``; for pictures alone.
        color: see ``read_images``; for files alone.
        labels: whole numbers from 0, one for each image of a file, in their order.

    Raises:
        InputError: if there is neither such a name nor such a file, or the likelihood cannot
            produce the data.

    Example:
        >>> load_dataset("digits").train.shape
        (1437, 8, 8)
    """
    name = str(name_or_path)
    if name not in NAMES and not Path(name_or_path).exists():
        raise InputError(
            f"there is no file or folder {name!r}, nor a data set of that name: give a path, or "
            f"one of {', '.join(NAMES)}."
        )
    if name not in NAMES:
        return load_own(name_or_path, likelihood, size=size, color=color, labels=labels)
    if size is not None or color is not None:
        raise InputError(f"{name} is as it is published: leave size and color out.")
    if labels is not None:
        raise InputError(f"{name} is as it is published: leave labels out.")
    data = _FETCHED[name](directory) if name in _FETCHED else _EMBEDDED[name]()
    return data if likelihood is None else _with_likelihood(data, likelihood)


def _with_likelihood(data: Dataset, likelihood: str) -> Dataset:
    check_likelihood(data.train, likelihood, data.name)
    return replace(data, likelihood=likelihood)
