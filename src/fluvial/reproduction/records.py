"""The records of a study's units of work: a file or two a unit, or all of them in one archive."""

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, final

import numpy as np

from fluvial.errors import InputError
from fluvial.reproduction.archive import pack, unpack
from fluvial.reproduction.results_files import (
    decode_content,
    encode_content,
    loose_remedy,
    read_content,
)
from fluvial.storage import array_files, sealed
from fluvial.storage.machine import timestamp
from fluvial.storage.reading import place_inside, read_file
from fluvial.storage.writing import replaced

__all__ = ["Record", "Records"]

_LOOSE, _PACKED = "records", "records.zip"


@dataclass(frozen=True)
class Record:
    """What one unit of work measured.

    Args:
        values: what JSON can hold, NumPy's numbers and arrays included.
        arrays: larger arrays by name, kept as npz.
    """

    values: Mapping[str, Any]
    arrays: Mapping[str, np.ndarray] = field(default_factory=dict)


@final
class Records:
    """Those of one folder. A unit whose own files are there is not looked for in the archive.

    Args:
        folder: of the study.
        units: the names of all units of work.
        version: of the folder's format.
        digest: SHA-256 of the archive that holds finished units; None if there is none.
    """

    def __init__(self, folder: Path, units: Sequence[str], version: int, digest: str | None):
        self._folder, self._units, self._version = folder, units, version
        self._digest = digest

    def done(self, unit: str) -> bool:
        """Tell whether a unit of work is finished."""
        return self._is_loose(unit) or f"{unit}.json" in self._packed

    def write(self, unit: str, record: Record, seconds: float) -> None:
        """Keep what a unit measured: its arrays first, since its JSON says that it is done.

        Raises:
            InputError: if it cannot be written, as on a full disk.
        """
        digest = None
        if record.arrays:
            arrays = array_files.to_npz(record.arrays, compressed=True)
            digest = sealed.sha256(arrays)
            self._write(f"{unit}.npz", arrays)
        content = {
            "unit": unit,
            "seconds": round(seconds, 3),
            "finished": timestamp(),
            "values": record.values,
            "arrays": digest,
        }
        self._write(f"{unit}.json", encode_content("record", content))

    def content(self, unit: str) -> dict[str, Any]:
        """Read all of a finished unit but its arrays.

        Raises:
            InputError: if it is not finished, or its files are not as they were written.
        """
        if not self.done(unit):
            raise InputError(
                f"{self._folder} has no {unit} in its records: run the study again with --resume."
            )
        if self._is_loose(unit):
            return read_content(
                "record", self._folder, _LOOSE, f"{unit}.json", version=self._version
            )
        data, path = self._packed[f"{unit}.json"], self._folder / _PACKED
        return decode_content("record", data, path, self._version, _remedy(path))

    def read(self, unit: str) -> Record:
        """Read a finished unit.

        Raises:
            InputError: as `content` does.
        """
        content = self.content(unit)
        digest = content["arrays"]
        return Record(content["values"], {} if digest is None else self._arrays(unit, digest))

    def pack(self) -> str | None:
        """Put the files of all finished units in the archive, and return its SHA-256.

        They are still what is read until `remove_loose`, once the digest is on the disk.

        Returns:
            None if there is nothing to do, since no unit has files of its own.

        Raises:
            InputError: if a file is not as it was written, or the archive cannot be written.
        """
        if not any(map(self._is_loose, self._units)):
            return None
        files = {}
        for unit in filter(self.done, self._units):
            content = self.content(unit)
            files[f"{unit}.json"] = encode_content("record", content)
            if content["arrays"] is not None:
                files[f"{unit}.npz"] = self._array_data(unit, content["arrays"])
        data = pack(files)
        with replaced(self._folder / _PACKED) as fresh:
            fresh.write_bytes(data)
        return sealed.sha256(data)

    def remove_loose(self) -> None:
        """Remove the units' own files, which are all in the archive; others stay."""
        folder = self._folder / _LOOSE
        for unit in self._units:
            for name in (f"{unit}.json", f"{unit}.npz"):
                (folder / name).unlink(missing_ok=True)
        with suppress(OSError):  # it is not there, or something else is in it
            folder.rmdir()

    def _is_loose(self, unit: str) -> bool:
        return os.path.isfile(self._folder / _LOOSE / f"{unit}.json")

    @cached_property
    def _packed(self) -> Mapping[str, bytes]:
        """The files in the archive; none if it is not there, and the study is to run again."""
        path = self._folder / _PACKED
        if self._digest is None or not os.path.lexists(path):
            return {}
        data = read_file(place_inside(self._folder, _PACKED))
        if sealed.sha256(data) != self._digest:
            raise sealed.damaged(path, _remedy(path))
        known = {f"{unit}.{kind}" for unit in self._units for kind in ("json", "npz")}
        try:
            return unpack(data, known)
        except ValueError as error:
            raise sealed.damaged(path, _remedy(path)) from error

    def _arrays(self, unit: str, digest: str) -> dict[str, np.ndarray]:
        origin = self._folder / (f"{_LOOSE}/{unit}.npz" if self._is_loose(unit) else _PACKED)
        return array_files.from_npz(self._array_data(unit, digest), str(origin))

    def _array_data(self, unit: str, digest: str) -> bytes:
        name = f"{unit}.npz"
        if self._is_loose(unit):
            path = place_inside(self._folder, _LOOSE, name)
            remedy = loose_remedy(path)
            data = read_file(path) if os.path.lexists(path) else b""
        else:
            path = self._folder / _PACKED
            remedy, data = _remedy(path), self._packed.get(name, b"")
        if sealed.sha256(data) != digest:
            raise sealed.damaged(path, remedy)
        return data

    def _write(self, name: str, data: bytes) -> None:
        path = self._folder / _LOOSE / name
        try:
            path.parent.mkdir(exist_ok=True)
        except OSError as error:
            raise InputError(f"{path.parent} cannot be written: {error.strerror}.") from error
        with replaced(path) as fresh:
            fresh.write_bytes(data)


def _remedy(path: Path) -> str:
    return "restore it, or delete it and run the study with --resume, which measures all again"
