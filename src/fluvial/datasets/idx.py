"""IDX, the file format of MNIST: a few numbers, then the pixels; plain or gzipped.

Byte 2 of the file is the type, byte 3 the number of axes; then comes the length of each axis as a
big-endian 32-bit integer, then the values in C order, big-endian.
"""

import gzip
import math
import zlib
from io import BufferedIOBase
from pathlib import Path

import numpy as np

from fluvial.datasets.filling import filled
from fluvial.datasets.limits import check_size
from fluvial.errors import InputError

__all__ = ["read_idx"]

_TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
_GZIP = b"\x1f\x8b"
_MOST_AXES = 4


def read_idx(path: Path) -> np.ndarray:
    """Read an IDX file, gzipped or not.

    No memory is taken for values before what the header says is compared with the file's size;
    a gzipped one is read up to the values that its header says, never further.

    Returns:
        Its array, in the machine's byte order.

    Raises:
        InputError: if it cannot be read, is not an IDX file, is not as long as it says, or does not
            fit in memory.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as directory:
        ...     path = Path(directory, "two-labels-idx1-ubyte")
        ...     _ = path.write_bytes(bytes([0, 0, 8, 1, 0, 0, 0, 2, 7, 5]))
        ...     read_idx(path)
        array([7, 5], dtype=uint8)
    """
    try:
        with path.open("rb") as file:
            gzipped = file.read(2) == _GZIP
            file.seek(0)
            if not gzipped:
                return _read(file, path, gzipped=False)
            with gzip.GzipFile(fileobj=file) as content:
                return _read(content, path, gzipped=True)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise InputError(f"{path} is gzipped and damaged: get it again.") from error
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from error


def _read(file: BufferedIOBase, path: Path, *, gzipped: bool) -> np.ndarray:
    dtype, shape = _header(file, path)
    expected, stored = math.prod(shape) * dtype.itemsize, path.stat().st_size
    if not gzipped and (held := stored - file.tell()) != expected:
        raise _other_length(path, expected, str(held))
    check_size(expected, stored, str(path))
    values, held = filled(file, shape, dtype)
    if held < expected:
        raise _other_length(path, expected, str(held))
    if file.read(1):
        raise _other_length(path, expected, "more")
    return values.astype(dtype.newbyteorder("="), copy=False)


def _header(file: BufferedIOBase, path: Path) -> tuple[np.dtype, tuple[int, ...]]:
    start = file.read(4)
    if len(start) < 4 or start[:2] != b"\0\0" or start[2] not in _TYPES:
        raise InputError(f"{path} is not an IDX file: it does not begin like one.")
    axes = start[3]
    if not 0 < axes <= _MOST_AXES:
        raise InputError(f"{path} says that it has {axes} axes: images have 2 to {_MOST_AXES}.")
    lengths = file.read(4 * axes)
    if len(lengths) < 4 * axes:
        raise InputError(f"{path} is cut short in its header: get it again.")
    return np.dtype(_TYPES[start[2]]), tuple(int(n) for n in np.frombuffer(lengths, ">u4"))


def _other_length(path: Path, expected: int, held: str) -> InputError:
    return InputError(
        f"{path} says that it holds {expected} bytes of values, and holds {held}: get it again."
    )
