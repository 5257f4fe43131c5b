"""Memory maps, read through the files behind them.

Pages that were read through a map stay with the process, up to the whole file, and reading past
the end of a file that has become shorter ends the process without a word. Reading the file does
neither.
"""

import os
from typing import Any, final

import numpy as np

from fluvial.errors import InputError, described

__all__ = ["Mapped", "mapped", "shrunk"]


@final
class Mapped:
    """The file behind a memory map, or a view of one that is in one piece.

    Args:
        name: what complaints call the leaf.
        leaf: the map, or the view.
        whole: the map that it is a view of.
    """

    def __init__(self, name: str, leaf: np.ndarray, whole: np.memmap):
        self._name, self._leaf, self._path = name, leaf, str(whole.filename)
        self._least = int(whole.offset) + whole.nbytes
        begins = leaf.__array_interface__["data"][0] - whole.__array_interface__["data"][0]
        self._offset = int(whole.offset) + begins
        # A map in memory alone, mode "c", may differ from its file.
        self._plain = leaf.flags.c_contiguous and whole.mode != "c"

    def check(self) -> None:
        """Check that the file still holds what was mapped.

        Raises:
            InputError: if it does not, or is gone.
        """
        try:
            size = os.stat(self._path).st_size
        except OSError as error:
            told = described(error)
            raise InputError(f"the file behind {self._name!r} is gone ({told}).") from error
        if size < self._least:
            raise shrunk(self._name)

    def read(self, start: int, stop: int) -> np.ndarray:
        """Return rows ``start`` to ``stop``; fewer, where the file has lost some."""
        self.check()
        if not self._plain:
            return np.array(self._leaf[start:stop])
        shape, dtype = self._leaf.shape[1:], self._leaf.dtype
        each = int(np.prod(shape, dtype=np.int64))
        count, offset = (stop - start) * each, self._offset + start * each * dtype.itemsize
        found = np.fromfile(self._path, dtype, count, offset=offset)
        return found[: len(found) // max(1, each) * each].reshape(-1, *shape)

    def take(self, indices: np.ndarray) -> np.ndarray:
        """Return some rows; fewer, where the file has lost some."""
        self.check()
        if not self._plain:
            return np.array(self._leaf[indices])
        found = np.empty((len(indices), *self._leaf.shape[1:]), self._leaf.dtype)
        buffer = found.reshape(-1).view(np.uint8).data
        width = len(buffer) // max(1, len(indices))
        with open(self._path, "rb", buffering=0) as file:
            for place, index in enumerate(indices.tolist()):
                file.seek(self._offset + index * width)
                if file.readinto(buffer[place * width : (place + 1) * width]) < width:
                    return found[:place]
        return found


def mapped(name: str, leaf: Any) -> Mapped | None:
    """Return the file behind a leaf, or None if it is not a memory map nor a view of one."""
    part = leaf
    while isinstance(part, np.ndarray):
        if isinstance(part, np.memmap) and part.base is not None and part.filename:
            whole = part
            while isinstance(whole.base, np.memmap):
                whole = whole.base
            return Mapped(name, leaf, whole)
        part = part.base
    return None


def shrunk(name: str) -> InputError:
    """What is said of a leaf that has become shorter."""
    return InputError(
        f"{name!r} of the data has lost rows since the target was made: write the file again, and "
        "make the target again."
    )
