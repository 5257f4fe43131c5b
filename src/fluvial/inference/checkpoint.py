"""The expensive parts of a fit, kept in a folder so that a fit that was killed can go on.

A fit is a function of its target, flow, seed and settings, to the bit. A fit that is started again
therefore repeats its steps, and finds each expensive result, such as a trained flow, under a digest
of everything that went into it. What was under way when it was killed is computed again.
"""

import hashlib
import io
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, final
from zipfile import BadZipFile

import numpy as np

from fluvial.errors import InputError
from fluvial.storage.writing import replaced

__all__ = ["Checkpoint"]


@final
class Checkpoint:
    """A store of arrays under digests.

    Args:
        folder: made where needed; None keeps nothing.
        parts: what the whole fit depends on, as text or arrays.

    Raises:
        InputError: if the folder cannot be written.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     for _ in range(2):
        ...         kept = Checkpoint(Path(folder), ["a fit"])
        ...         found = kept.recall("sum", [np.ones(3)], lambda: {"s": np.array(3.0)})
        ...         print(float(found["s"]), kept.found)
        3.0 0
        3.0 1
    """

    def __init__(self, folder: Path | None = None, parts: list[Any] | None = None):
        self._folder, self._parts = folder, parts or []
        self.found = 0
        if folder is not None:
            try:
                folder.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise InputError(f"{folder} cannot be written: {error.strerror}.") from error

    @property
    def folder(self) -> Path | None:
        """Where things are kept, or None."""
        return self._folder

    def has(self, kind: str, parts: list[Any]) -> bool:
        """Whether something was kept that was computed from the same parts."""
        return self._folder is not None and _read(self._path(kind, parts)) is not None

    def recall(
        self,
        kind: str,
        parts: list[Any],
        compute: Callable[[], Mapping[str, np.ndarray]],
        whole: Callable[[], bool] = lambda: True,
    ) -> Mapping[str, np.ndarray]:
        """Return what was computed before from the same parts, or compute and keep it.

        Args:
            kind: such as "flow".
            parts: arrays and texts that the result is a function of.
            compute: returns name -> array.
            whole: says afterwards whether it was computed to its end; else it is not kept.
        """
        if self._folder is None:
            return compute()
        path = self._path(kind, parts)
        kept = _read(path)
        if kept is not None:
            self.found += 1
            return kept
        result = compute()
        if whole():
            data = io.BytesIO()
            np.savez(data, **result)  # pyright: ignore[reportArgumentType]
            with replaced(path) as fresh:
                fresh.write_bytes(data.getvalue())
        return result

    def _path(self, kind: str, parts: list[Any]) -> Path:
        return (self._folder or Path()) / f"{kind}-{self._digest(parts)}.npz"

    def _digest(self, parts: list[Any]) -> str:
        digest = hashlib.sha256()
        for part in [*self._parts, *parts]:
            if isinstance(part, np.ndarray):
                digest.update(f"{part.shape}{part.dtype}".encode() + part.tobytes())
            else:
                digest.update(repr(part).encode())
        return digest.hexdigest()[:24]


def _read(path: Path) -> dict[str, np.ndarray] | None:
    try:
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except (OSError, ValueError, KeyError, EOFError, BadZipFile, zlib.error):  # none that is whole
        return None
