"""Named arrays as the bytes of a file, and back, without believing what the file says of itself."""

import io
import math
import zipfile
from collections.abc import Mapping
from typing import Any

import numpy as np

from fluvial.errors import InputError, first_line

__all__ = ["from_npz", "from_safetensors", "to_npz", "to_safetensors"]

# An archive may unpack to more than it takes on disk, but not so far as to fill the memory.
_MOST_UNPACKED = 2**30


def to_npz(arrays: Mapping[str, np.ndarray], *, compressed: bool) -> bytes:
    """Write arrays as an npz archive, without pickle.

    Example:
        >>> from_npz(to_npz({"a": np.arange(3)}, compressed=True), "a.npz")
        {'a': array([0, 1, 2])}
    """
    buffer = io.BytesIO()
    write = np.savez_compressed if compressed else np.savez
    plain = {name: np.asarray(array) for name, array in arrays.items()}
    write(buffer, allow_pickle=False, **plain)
    return buffer.getvalue()


def from_npz(data: bytes, origin: str) -> dict[str, np.ndarray]:
    """Read an npz archive.

    Args:
        data: its bytes.
        origin: what the complaint names.

    Raises:
        InputError: if it is not an archive of arrays, has Python objects, or an array claims to be
            larger than what there is of it, or unpacks to more than a gigabyte beyond its size.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            unpacked = sum(member.file_size for member in archive.infolist())
            if unpacked > len(data) + _MOST_UNPACKED:
                raise InputError(
                    f"{origin} unpacks to {unpacked:,} bytes, more than fluvial writes: restore "
                    "it, or make the results again."
                )
            return {
                member.filename.removesuffix(".npy"): _array(archive.read(member))
                for member in archive.infolist()
            }
    except InputError:
        raise
    # Whatever a damaged archive trips first: zipfile, zlib or NumPy, with errors of their own.
    except Exception as error:
        raise _unreadable(origin, error) from error


def to_safetensors(arrays: Mapping[str, Any]) -> bytes:
    """Write NumPy's or JAX's arrays as a safetensors file.

    Example:
        >>> from_safetensors(to_safetensors({"a": np.arange(3)}), "a.safetensors")
        {'a': array([0, 1, 2])}
    """
    import safetensors.numpy

    # Copies, since JAX's own may be donated to the next step.
    return safetensors.numpy.save({n: np.array(a, order="C") for n, a in arrays.items()})


def from_safetensors(data: bytes, origin: str) -> dict[str, np.ndarray]:
    """Read a safetensors file.

    Raises:
        InputError: if it is none; ``origin`` is named.
    """
    import safetensors.numpy

    try:
        return safetensors.numpy.load(data)
    except Exception as error:  # the library's own, or a KeyError for a type that NumPy lacks
        raise _unreadable(origin, error) from error


def _array(data: bytes) -> np.ndarray:
    """Read a npy file whose header may lie: NumPy would take the memory before it looks."""
    stream = io.BytesIO(data)
    major, _ = np.lib.format.read_magic(stream)
    header = (
        np.lib.format.read_array_header_1_0 if major == 1 else np.lib.format.read_array_header_2_0
    )
    shape, _, dtype = header(stream)
    if math.prod(shape) * dtype.itemsize > len(data):
        raise ValueError(f"an array of shape {shape} is in {len(data)} bytes")
    stream.seek(0)
    return np.lib.format.read_array(stream, allow_pickle=False)


def _unreadable(origin: str, error: Exception) -> InputError:
    return InputError(
        f"{origin} cannot be read as arrays ({first_line(error)[:120]}): restore it, or make the "
        "results again."
    )
