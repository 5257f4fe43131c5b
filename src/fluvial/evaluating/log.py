"""Every evaluation of a function, kept in a file to which records are only ever appended.

A record is a mark, a checksum, how often the point had been evaluated before, the point and the
value. It is handed to the operating system in one write as soon as the value is known, so that a
process that is killed loses the evaluation that was under way and no other. A reader skips what is
torn and goes on at the next mark, so that nothing need be repaired, and several processes can
append to one file.
"""

import os
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import final

import numpy as np
from jaxtyping import Float

from fluvial.errors import InputError

__all__ = ["EvaluationLog"]

_MARK = b"\xf1uv\x01"
_MAGIC = b"fluvial evaluations 1\n"
_HEAD = struct.Struct("<4sII")  # mark, checksum of what follows, repetition
_HEADER = struct.Struct("<I32s")  # D, fingerprint


@final
class EvaluationLog:
    """Points and values in a file, found again by the bits of the point.

    Args:
        path: of the file, which is made where there is none.
        dim: D, the number of coordinates of a point.
        fingerprint: 32 bytes that tell one function from another.

    Attributes:
        known: whether the file was made for a function of the same fingerprint.

    Raises:
        InputError: if the file is none of these, is for another D, or cannot be opened.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder, "evaluations")
        ...     EvaluationLog(path, 2).add(np.array([1.0, 2.0]), -3.0)
        ...     EvaluationLog(path, 2).get(np.array([1.0, 2.0]))
        -3.0
    """

    def __init__(self, path: Path, dim: int, fingerprint: bytes = bytes(32)):
        self.path = path
        self._record = 8 * (dim + 1)
        self._header = _MAGIC + _HEADER.pack(dim, fingerprint)
        self._values: dict[tuple[int, bytes], float] = {}
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o666)
            content = path.read_bytes()
            if self._header.startswith(content):  # new, or killed while it was made
                os.ftruncate(self._file, 0)
                os.write(self._file, self._header)
                content = self._header
        except OSError as error:
            raise InputError(f"the cache {path} cannot be written: {error.strerror}.") from error
        self._check(content, dim)
        self.known = content[: len(self._header)] == self._header
        for repetition, point, value in self._records(content):
            self._values[repetition, point] = value

    def __len__(self) -> int:
        return len(self._values)

    def __del__(self):
        if hasattr(self, "_file"):
            os.close(self._file)

    def get(self, point: Float[np.ndarray, " D"], repetition: int = 0) -> float | None:
        """Return the value at a point, or None if it is not known."""
        return self._values.get((repetition, point.tobytes()))

    def add(self, point: Float[np.ndarray, " D"], value: float, repetition: int = 0) -> None:
        """Append a point and its value.

        Raises:
            InputError: if the disk is full.
        """
        self.add_all(point[None], np.array([value], np.float64), repetition)

    def add_all(
        self, points: Float[np.ndarray, "N D"], values: Float[np.ndarray, " N"], repetition: int = 0
    ) -> None:
        """Append points and their values.

        Raises:
            InputError: if the disk is full.
        """
        records = []
        for point, value in zip(points, values, strict=True):
            key = point.tobytes()
            self._values[repetition, key] = float(value)
            body = struct.pack("<I", repetition) + key + struct.pack("<d", value)
            records.append(_MARK + struct.pack("<I", zlib.crc32(body)) + body)
        data = b"".join(records)
        try:
            written = os.write(self._file, data)
            while written < len(data):
                written += os.write(self._file, data[written:])
        except OSError as error:
            raise InputError(
                f"the cache {self.path} cannot be written: {error.strerror}."
            ) from error

    def first(self) -> tuple[Float[np.ndarray, " D"], float] | None:
        """Return the earliest evaluation whose value is finite, if there is one."""
        for (_, point), value in self._values.items():
            if np.isfinite(value):
                return np.frombuffer(point).copy(), value
        return None

    def _check(self, content: bytes, dim: int) -> None:
        if not content.startswith(_MAGIC) or len(content) < len(self._header):
            raise InputError(f"{self.path} holds no evaluations: choose another file as cache.")
        found, _ = _HEADER.unpack_from(content, len(_MAGIC))
        if found != dim:
            raise InputError(
                f"the cache {self.path} is of a function of {found} parameters, and this one has "
                f"{dim}: choose another file."
            )

    def _records(self, content: bytes) -> Iterator[tuple[int, bytes, float]]:
        at, size = len(self._header), _HEAD.size + self._record
        while (at := content.find(_MARK, at)) >= 0 and at + size <= len(content):
            _, checksum, repetition = _HEAD.unpack_from(content, at)
            if zlib.crc32(content[at + 8 : at + size]) == checksum:
                body = content[at + _HEAD.size : at + size]
                yield repetition, body[:-8], struct.unpack("<d", body[-8:])[0]
                at += size
            else:
                at += 1
