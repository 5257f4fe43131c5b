"""Pictures in files, in a folder or a tar, as one array; decoded by Pillow."""

import io
import tarfile
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath

import numpy as np
from jaxtyping import UInt8
from PIL import Image

from fluvial.errors import InputError

__all__ = ["read_folder_of_pictures", "read_tar_of_pictures"]

_GRAY = {"1", "L", "LA"}
_COLOR = {"P", "PA", "RGB", "RGBA", "CMYK", "YCbCr"}
_NAMED = tuple[str, io.BytesIO | Path]


def read_folder_of_pictures(folder: Path) -> UInt8[np.ndarray, "N H W *C"]:
    """Read all pictures in a folder and the folders in it, in the order of their names.

    Transparency is dropped. If one is in color all are, of shape (N, H, W, 3); else (N, H, W).

    Raises:
        InputError: if there is none, they differ in size, or one is damaged or of more than 8 bits
            a channel.
    """
    suffixes = Image.registered_extensions()
    paths = sorted(p for p in folder.rglob("*") if p.suffix.lower() in suffixes and p.is_file())
    if not paths:
        raise InputError(f"{folder} holds no pictures: put PNG or JPEG files in it.")
    return _stacked((str(path), path) for path in paths)


def read_tar_of_pictures(path: Path, *parts: str) -> dict[str, UInt8[np.ndarray, "N H W *C"]]:
    """Read the pictures of a tar, nothing of which is written to the disk.

    Args:
        path: the tar, compressed or not.
        parts: names of folders, such as "train", at any depth in it.

    Returns:
        part -> its pictures, in the order of their names.

    Raises:
        InputError: as ``read_folder_of_pictures`` does, or if the tar is damaged.
    """
    found: dict[str, list[tuple[str, io.BytesIO]]] = {part: [] for part in parts}
    for name, content in _members(path):
        for part in set(PurePosixPath(name).parts[:-1]) & found.keys():
            found[part].append((f"{path}: {name}", io.BytesIO(content)))
    for part, pictures in found.items():
        if not pictures:
            raise InputError(f"{path} holds no pictures in a folder {part}/: give one that does.")
    return {part: _stacked(sorted(pictures, key=_name)) for part, pictures in found.items()}


def _members(path: Path) -> Iterator[tuple[str, bytes]]:
    suffixes = Image.registered_extensions()
    try:
        # Not as a stream: that takes a compressed file that is cut short for one that ends there.
        with tarfile.open(path, "r:*") as tar:
            for member in tar:
                if member.isfile() and PurePosixPath(member.name).suffix.lower() in suffixes:
                    file = tar.extractfile(member)
                    assert file is not None  # as it is of all regular files
                    yield member.name, file.read()
    except (tarfile.TarError, EOFError, zlib.error) as error:
        raise InputError(f"{path} is a damaged tar: get it again.") from error
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}.") from error


def _name(picture: tuple[str, io.BytesIO]) -> str:
    return picture[0]


def _stacked(pictures: Iterable[_NAMED]) -> np.ndarray:
    arrays: list[np.ndarray] = []
    first = ""
    for name, file in pictures:
        array = _decoded(name, file)
        if arrays and array.shape[:2] != arrays[0].shape[:2]:
            raise InputError(
                f"{name} is {_size(array)} pixels and {first} is {_size(arrays[0])}: bring all "
                "images to one size."
            )
        first = first or name
        arrays.append(array)
    if len({array.ndim for array in arrays}) > 1:
        arrays = [a if a.ndim == 3 else np.repeat(a[..., None], 3, axis=-1) for a in arrays]
    return np.stack(arrays)


def _decoded(name: str, file: io.BytesIO | Path) -> np.ndarray:
    try:
        with Image.open(file) as picture:
            if picture.mode not in _GRAY | _COLOR:
                raise InputError(
                    f"{name} is of Pillow's mode {picture.mode}, more than 8 bits a channel: save "
                    "it with 8, or give the pixels as .npy."
                )
            return np.asarray(picture.convert("L" if picture.mode in _GRAY else "RGB"))
    except (OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise InputError(f"{name} is no picture that can be read, or damaged: {error}.") from error


def _size(array: np.ndarray) -> str:
    return f"{array.shape[1]}x{array.shape[0]}"
