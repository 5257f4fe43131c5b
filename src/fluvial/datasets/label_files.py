"""Labels of images, from a file."""

from pathlib import Path

import numpy as np
from jaxtyping import Int64

from fluvial.datasets.dataset import Dataset
from fluvial.datasets.idx import read_idx
from fluvial.errors import InputError

__all__ = ["class_count", "read_labels"]


def read_labels(path: str | Path) -> Int64[np.ndarray, " N"]:
    """Read whole numbers from 0 from a .npy or an IDX file.

    Raises:
        InputError: if there is no such file, or it holds anything else.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     np.save(f"{folder}/labels.npy", np.array([0, 2, 1]))
        ...     read_labels(f"{folder}/labels.npy")
        array([0, 2, 1])
    """
    file = Path(path)
    if not file.is_file():
        raise InputError(f"there is no file {file}: give one with a label for each image.")
    if file.suffix == ".npy":
        try:
            values = np.load(file, allow_pickle=False)
        except (ValueError, OSError, EOFError) as error:
            raise InputError(f"{file} cannot be read as a .npy file.") from error
    else:
        values = read_idx(file)
    if values.ndim != 1 or values.dtype.kind not in "iu" or values.min(initial=0) < 0:
        raise InputError(
            f"{file} holds {values.dtype} of shape {values.shape}: give whole numbers from 0, one "
            "for each image."
        )
    return values.astype(np.int64)


def class_count(data: Dataset) -> int:
    """Return how many classes the labels of a data set tell apart.

    Raises:
        InputError: if it has no labels, or all are alike.

    Example:
        >>> from fluvial.datasets import load_digits
        >>> class_count(load_digits())
        10
    """
    if data.labels is None:
        raise InputError(f"{data.name} comes without labels: give its images and labels as files.")
    count = 1 + max(int(part.max(initial=0)) for part in data.labels)
    if count < 2:
        raise InputError(f"all labels of {data.name} are 0: there is nothing to tell apart.")
    return count
