"""People's own images: .npy, .npz, IDX, or a folder of pictures."""

import zipfile
from pathlib import Path

import numpy as np
from jaxtyping import Shaped

from fluvial.datasets.dataset import Dataset, split
from fluvial.datasets.idx import read_idx
from fluvial.datasets.likelihood import check_likelihood, infer_likelihood
from fluvial.datasets.pictures import read_folder_of_pictures
from fluvial.datasets.pixels import checked_pixels
from fluvial.errors import InputError

__all__ = ["load_own", "read_images"]

_PREFERRED = ("images", "x_train", "x")


def load_own(
    path: str | Path, likelihood: str | None = None, *, held_out: float = 0.1, seed: int = 0
) -> Dataset:
    """Read images as ``read_images`` does, and split them at random.

    Args:
        path: of the images.
        likelihood: one of ``LIKELIHOODS``; inferred from the type and range if not given.
        held_out: the share for validation, and again for the test.
        seed: decides the split.

    Raises:
        InputError: if they cannot be read, are not images, or that likelihood cannot produce them.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as directory:
        ...     np.save(f"{directory}/own.npy", np.arange(320.0).reshape(20, 4, 4))
        ...     own = load_own(f"{directory}/own.npy")
        >>> own.name, own.train.shape, own.likelihood
        ('own', (16, 4, 4), 'gaussian')
    """
    path = Path(path)
    pixels = read_images(path)
    likelihood = likelihood or infer_likelihood(pixels)
    check_likelihood(pixels, likelihood, str(path))
    return split(path.stem or str(path), pixels, likelihood, held_out=held_out, seed=seed)


def read_images(path: str | Path) -> Shaped[np.ndarray, "N ..."]:
    """Read images from a ``.npy``, a ``.npz``, an IDX file, or a folder of pictures.

    Of a ``.npz`` with several arrays of images, the one named images, x_train or x is taken.

    Returns:
        (N, D), (N, height, width) or (N, height, width, channels); bool if all values are 0 or 1,
        uint8 for other integers and for pictures, float32 for other floats.

    Raises:
        InputError: if there is no such file, it is damaged, or what it holds are no images: see
            the messages.
    """
    path = Path(path)
    if path.is_dir():
        return checked_pixels(read_folder_of_pictures(path), str(path))
    if not path.is_file():
        raise InputError(f"{path} does not exist: give a .npy, .npz or IDX file, or a folder.")
    if path.suffix == ".npz":
        return _from_npz(path)
    values = _from_npy(path) if path.suffix == ".npy" else read_idx(path)
    return checked_pixels(values, str(path))


def _from_npy(path: Path) -> np.ndarray:
    try:
        return np.load(path, allow_pickle=False)
    except (ValueError, EOFError, OSError) as error:
        raise _unreadable(path, error) from error


def _from_npz(path: Path) -> np.ndarray:
    try:
        # Opened here, since NumPy leaves a damaged one open.
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            name = _name_of_images(path, {name: arrays[name].ndim for name in arrays.files})
            return checked_pixels(arrays[name], f"{path}: {name}")
    except InputError:
        raise
    except (ValueError, EOFError, OSError, zipfile.BadZipFile) as error:
        raise _unreadable(path, error) from error


def _name_of_images(path: Path, axes: dict[str, int]) -> str:
    """Choose the array of images among others, such as labels, which have one axis."""
    candidates = [name for name, count in axes.items() if count > 1] or list(axes)
    if len(candidates) == 1:
        return candidates[0]
    for name in _PREFERRED:
        if name in candidates:
            return name
    raise InputError(
        f"{path} holds {', '.join(candidates) or 'no array'}, none named images: save the images "
        "under that name."
    )


def _unreadable(path: Path, error: Exception) -> InputError:
    # NumPy takes whatever is not in its format for a pickle; only in its format it knows.
    if str(error).startswith("Object arrays"):
        return InputError(
            f"{path} holds Python objects, as images of different sizes make: bring them to one "
            "size and save an array of numbers."
        )
    return InputError(f"{path} is damaged or no NumPy file: save it again with numpy.save.")
