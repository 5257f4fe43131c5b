"""NumPy's own files, .npy and .npz, whose headers are checked before memory is taken."""

import math
import zipfile
import zlib
from io import BufferedIOBase
from pathlib import Path
from typing import NamedTuple, cast

import numpy as np
from numpy.lib import format as numpy_format

from fluvial.datasets.filling import filled
from fluvial.datasets.limits import check_size
from fluvial.errors import InputError

__all__ = ["is_npz", "read_npy", "read_npz"]

_HEADERS = {
    (1, 0): numpy_format.read_array_header_1_0,
    (2, 0): numpy_format.read_array_header_2_0,
}
_PREFERRED = ("images", "x_train", "x")
_DAMAGE = (ValueError, EOFError, OSError, zipfile.BadZipFile, zlib.error)
_UNSUPPORTED = (RuntimeError, NotImplementedError)  # an encrypted archive, or another compression


def read_npy(path: Path) -> np.ndarray:
    """Read the array of a .npy file.

    Raises:
        InputError: if it is damaged, its header does not match its size, it holds Python objects,
            or it does not fit in memory.
    """
    try:
        with path.open("rb") as file:
            header = _header(file, str(path))
            stored = path.stat().st_size
            return _values(file, header, stored - file.tell(), stored, str(path))
    except InputError:
        raise
    except _DAMAGE as error:
        raise _damaged(path) from error


def read_npz(path: Path) -> tuple[np.ndarray, str]:
    """Read the array of images of a .npz file: the only one, or that named images, x_train or x.

    Returns:
        The array and its name.

    Raises:
        InputError: as ``read_npy`` does, or if several arrays may be the images.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            infos = {
                info.filename.removesuffix(".npy"): info
                for info in archive.infolist()
                if info.filename.endswith(".npy")
            }
            headers = {}
            for name, info in infos.items():
                with archive.open(info) as file:
                    headers[name] = _header(cast(BufferedIOBase, file), f"{path}: {name}")
            name = _name_of_images(path, {name: len(h.shape) for name, h in headers.items()})
            info, where = infos[name], f"{path}: {name}"
            with archive.open(info) as file:
                stream = cast(BufferedIOBase, file)
                header = _header(stream, where)
                held = info.file_size - stream.tell()
                return _values(stream, header, held, info.compress_size, where), name
    except InputError:
        raise
    except _DAMAGE as error:
        raise _damaged(path) from error
    except _UNSUPPORTED as error:
        raise InputError(
            f"{path} cannot be read ({error}): save it with numpy.savez_compressed."
        ) from error


def is_npz(path: Path) -> bool:
    """Whether a file is a zip of .npy files, whatever its name."""
    if not (path.is_file() and zipfile.is_zipfile(path)):
        return False
    try:
        with zipfile.ZipFile(path) as archive:
            return any(name.endswith(".npy") for name in archive.namelist())
    except zipfile.BadZipFile:
        return False


class _Header(NamedTuple):
    shape: tuple[int, ...]
    fortran: bool
    dtype: np.dtype


def _header(file: BufferedIOBase, where: str) -> _Header:
    version = numpy_format.read_magic(file)
    if version not in _HEADERS:  # version 3 is for named fields alone
        raise InputError(f"{where} holds records with named fields: save an array of numbers.")
    shape, fortran, dtype = _HEADERS[version](file)
    if any(n < 0 for n in shape):
        raise ValueError("a negative length")
    return _Header(shape, fortran, dtype)


def _values(
    file: BufferedIOBase, header: _Header, held: int, stored: int, where: str
) -> np.ndarray:
    shape, fortran, dtype = header
    if dtype.hasobject:
        raise InputError(
            f"{where} holds Python objects, as images of different sizes make, and these are "
            "never unpickled: bring the images to one size and save an array of numbers."
        )
    size = math.prod(shape) * dtype.itemsize
    if size != held:
        raise InputError(
            f"{where} says that it holds {size:,} bytes, an array of {dtype} of shape {shape}, and "
            f"holds {held:,}: save it again with numpy.save."
        )
    check_size(size, stored, where)
    values, count = filled(file, shape[::-1] if fortran else shape, dtype)
    if count < size:
        raise ValueError("cut short")
    return np.ascontiguousarray(values.T) if fortran else values


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


def _damaged(path: Path) -> InputError:
    return InputError(f"{path} is damaged or not a NumPy file: save it again with numpy.save.")
