"""Images from files: .npy, .npz, IDX, a folder of pictures, or a zip or tar of pictures."""

from pathlib import Path

from jaxtyping import Shaped
from numpy import ndarray

from fluvial.datasets.archives import is_archive
from fluvial.datasets.dataset import Dataset, split
from fluvial.datasets.decoding import suffixes
from fluvial.datasets.idx import read_idx
from fluvial.datasets.image_arrays import check_not_blank, understood
from fluvial.datasets.likelihood import check_likelihood, infer_likelihood, reason
from fluvial.datasets.npy import is_npz, read_npy, read_npz
from fluvial.datasets.pictures import read_archive, read_folder
from fluvial.datasets.pixels import checked_pixels
from fluvial.errors import InputError

__all__ = ["load_own", "read_images"]

_LARGEST = 1024  # fully connected networks learn from no more
_NPY = b"\x93NUMPY"
_FORMATS = "a .npy, .npz or IDX file, or a folder, zip or tar of pictures"

Size = str | tuple[int, int]


def load_own(
    path: str | Path,
    likelihood: str | None = None,
    *,
    size: Size | None = None,
    color: bool | None = None,
    held_out: float = 0.1,
    seed: int = 0,
    labels: ndarray | None = None,
) -> Dataset:
    """Read images as ``read_images`` does, and split them at random.

    Args:
        path: of the images.
        likelihood: one of ``LIKELIHOODS``; inferred from the type and range if not given.
        size: see ``read_images``.
        color: see ``read_images``.
        held_out: the share for validation, and again for the test.
        seed: decides the split.
        labels: whole numbers from 0, one for each image in their order.

    Returns:
        The data set; its ``reading`` says what was guessed, dropped and changed.

    Raises:
        InputError: if they cannot be read, are not images, or that likelihood cannot produce them.

    Example:
        >>> import tempfile
        >>> import numpy as np
        >>> with tempfile.TemporaryDirectory() as directory:
        ...     np.save(f"{directory}/own.npy", np.arange(320.0).reshape(20, 4, 4))
        ...     own = load_own(f"{directory}/own.npy")
        >>> own.name, own.train.shape, own.likelihood
        ('own', (16, 4, 4), 'gaussian')
        >>> own.reading
        ('guessed from values outside [0, 1]: --likelihood chooses another',)
    """
    path = Path(path)
    pixels, notes = _read(path, size, color, as_bytes=likelihood != "gaussian")
    guess = (f"guessed from {reason(pixels)}: --likelihood chooses another",)
    if likelihood is None:
        likelihood, notes = infer_likelihood(pixels), (*guess, *notes)
    check_likelihood(pixels, likelihood, str(path))
    name = path.stem or str(path)
    return split(
        name, pixels, likelihood, held_out=held_out, seed=seed, reading=notes, labels=labels
    )


def read_images(
    path: str | Path, *, size: Size | None = None, color: bool | None = None
) -> Shaped[ndarray, "N ..."]:
    """Read images from a .npy, .npz or IDX file, or from a folder, zip or tar of pictures.

    Of a ``.npz`` with several arrays of images, the one named images, x_train or x is taken. Four
    axes of which the second is of length 1, 3 or 4 and the last is not are taken as channels
    first, floats from 0 to 255 as bytes. Transparent pictures are laid on white, or on black if
    they are light; where only the alpha differs from pixel to pixel, it is the picture.

    Args:
        path: of the images.
        size: to which pictures are resized, such as "32x32" or (32, 32): width and height; by
            default they must be of one size.
        color: True for color, False for gray; by default what most of the images are.

    Returns:
        (N, D), (N, height, width) or (N, height, width, channels); bool if all values are 0 or 1,
        uint8 for other integers and for pictures, float32 for other floats.

    Raises:
        InputError: if there is no such file, it is damaged, it does not fit in memory, or what it
            holds are no images: see the messages.
    """
    return _read(Path(path), size, color, as_bytes=True)[0]


def _read(
    path: Path, size: Size | None, color: bool | None, *, as_bytes: bool
) -> tuple[ndarray, tuple[str, ...]]:
    if path.is_dir() or (is_archive(path) and not is_npz(path)):
        read = read_folder if path.is_dir() else read_archive
        pictures = read(path, size=_parsed(size), color=color)
        check_not_blank(pictures.pixels, str(path))
        return checked_pixels(pictures.pixels, str(path)), pictures.notes
    if not path.is_file():
        raise InputError(f"{path} does not exist: give {_FORMATS}.")
    if size is not None:
        raise InputError(
            f"{path} is a file of arrays, and only pictures are resized: leave size out."
        )
    values, where = _array(path)
    return understood(values, where, color, as_bytes=as_bytes)


def _array(path: Path) -> tuple[ndarray, str]:
    suffix = path.suffix.lower()
    if suffix == ".npz" or is_npz(path):
        values, name = read_npz(path)
        return values, f"{path}: {name}"
    with path.open("rb") as file:
        start = file.read(len(_NPY))
    if suffix == ".npy" or start == _NPY:
        return read_npy(path), str(path)
    if suffix in suffixes():
        raise InputError(f"{path} is one picture: give a folder of at least 10.")
    return read_idx(path), str(path)


def _parsed(size: Size | None) -> tuple[int, int] | None:
    if size is None:
        return None
    wide, _, high = size.lower().partition("x") if isinstance(size, str) else (size[0], "", size[1])
    try:
        width, height = int(wide), int(high)
    except ValueError:
        width = height = 0
    if min(width, height) < 1 or max(width, height) > _LARGEST:
        raise InputError(
            f"size is {size!r}: give width and height, each from 1 to {_LARGEST} pixels, such as "
            '"32x32".'
        )
    return width, height
