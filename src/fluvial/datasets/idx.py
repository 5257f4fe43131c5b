"""IDX, the file format of MNIST: a few numbers, then the pixels; plain or gzipped.

Byte 2 of the file is the type, byte 3 the number of axes; then comes the length of each axis as a
big-endian 32-bit integer, then the values in C order, big-endian.
"""

import gzip
import math
import zlib
from pathlib import Path

import numpy as np

from fluvial.errors import InputError

__all__ = ["read_idx"]

_TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
_GZIP = b"\x1f\x8b"


def read_idx(path: Path) -> np.ndarray:
    """Read an IDX file, gzipped or not.

    Returns:
        Its array, of the machine's byte order.

    Raises:
        InputError: if it cannot be read, is no IDX file, or is not as long as it says.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as directory:
        ...     path = Path(directory, "two-labels-idx1-ubyte")
        ...     _ = path.write_bytes(bytes([0, 0, 8, 1, 0, 0, 0, 2, 7, 5]))
        ...     read_idx(path)
        array([7, 5], dtype=uint8)
    """
    data = _content(path)
    if len(data) < 4 or data[:2] != b"\0\0" or data[2] not in _TYPES:
        raise InputError(f"{path} is no IDX file: it does not begin as one.")
    dtype, axes = np.dtype(_TYPES[data[2]]), data[3]
    offset = 4 + 4 * axes
    if len(data) < offset:
        raise InputError(f"{path} is cut short in its header: get it again.")
    shape = tuple(int(n) for n in np.frombuffer(data, ">u4", axes, 4))
    expected, found = math.prod(shape) * dtype.itemsize, len(data) - offset
    if found != expected:
        raise InputError(
            f"{path} says that it holds {expected} bytes of values, and holds {found}: get it "
            "again."
        )
    values = np.frombuffer(data, dtype, offset=offset).reshape(shape)
    return values.astype(dtype.newbyteorder("="))


def _content(path: Path) -> bytes:
    try:
        data = path.read_bytes()
        return gzip.decompress(data) if data[:2] == _GZIP else data
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise InputError(f"{path} is gzipped and damaged: get it again.") from error
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from error
