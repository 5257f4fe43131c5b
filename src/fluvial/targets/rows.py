"""Rows of data with one leading axis, in memory or in files, read a block at a time."""

import threading
import zlib
from collections.abc import Callable
from typing import Any, final

import jax
import numpy as np
from jaxtyping import PyTree

from fluvial.errors import InputError, described
from fluvial.targets.mapped import Mapped, mapped, shrunk
from fluvial.targets.space import dotted

__all__ = ["Rows", "named_rows"]

_KINDS = "biuf"
_MOST_NAMED = 3
_PIECE = 1024  # rows
_DIGESTED = 2**14  # rows at once


@final
class Rows:
    """A PyTree of arrays with one leading axis, that of the rows, never read as a whole.

    A leaf is a NumPy or JAX array, a memory map, or anything else that has a length and slices of
    it, such as a dataset of h5py or zarr. Integers are widened to 64 bits as they are read, so that
    a product of 8-bit columns does not wrap around, and half floats to float32.

    Args:
        data: the PyTree.

    Attributes:
        count: how many rows there are.

    Raises:
        InputError: if there are no rows, or their numbers differ, or a leaf holds no real numbers.

    Example:
        >>> rows = Rows({"x": np.arange(6.0).reshape(3, 2), "y": np.array([1, 0, 1], np.int8)})
        >>> rows.count, rows.block(1, 3)["x"].tolist(), rows.block(0, 1)["y"].dtype
        (3, [[2.0, 3.0], [4.0, 5.0]], dtype('int64'))
    """

    def __init__(self, data: PyTree):
        found, self._structure = jax.tree.flatten_with_path(data)
        if not found:
            raise InputError("the data hold no array: give arrays with one row an observation.")
        self._names = tuple(dotted(path) for path, _ in found)
        self._leaves = tuple(leaf for _, leaf in found)
        self.count = _common_length(self._names, self._leaves)
        self._reading = threading.Lock()  # a file's library need not bear two readers at once
        self._maps = tuple(map(mapped, self._names, self._leaves))
        for name, leaf, first in zip(self._names, self._leaves, self._read(0, 1), strict=True):
            _check_numbers(name, leaf, first)

    @property
    def row_bytes(self) -> int:
        """What one row takes in memory, in bytes."""
        return sum(leaf.nbytes for leaf in self._read(0, 1))

    def block(self, start: int, stop: int) -> PyTree:
        """Return rows ``start`` to ``stop`` as NumPy arrays.

        Raises:
            InputError: if they cannot be read, for instance because a file has become shorter.
        """
        return jax.tree.unflatten(self._structure, self._read(start, stop))

    def digest(self) -> str:
        """Return a checksum of all rows, which takes a pass over them."""
        kinds = [(leaf.dtype.str, leaf.shape[1:]) for leaf in self._read(0, 1)]
        sums = [0] * len(kinds)
        for start in range(0, self.count, _DIGESTED):
            read = self._read(start, min(start + _DIGESTED, self.count))
            sums = [
                zlib.crc32(np.ascontiguousarray(leaf).data, one)
                for leaf, one in zip(read, sums, strict=True)
            ]
        return f"{self.count}-{zlib.crc32(repr((self._names, kinds, sums)).encode()):08x}"

    def take(self, indices: np.ndarray) -> PyTree:
        """Return some rows, in the order in which they lie.

        Args:
            indices: in ascending order.

        Raises:
            InputError: as ``block`` does.
        """
        chosen = self._each(
            f"some of the rows {indices[0]} to {indices[-1]}" if len(indices) else "no rows",
            len(indices),
            lambda leaf, file: _taken(leaf, file, indices),
        )
        return jax.tree.unflatten(self._structure, chosen)

    def with_nan(self, block: PyTree) -> dict[str, np.ndarray]:
        """Return, for each leaf of a block that holds NaN, which of its rows do."""
        found = {}
        for name, leaf in zip(self._names, jax.tree.leaves(block), strict=True):
            if leaf.dtype.kind == "f":
                bad = np.isnan(leaf).reshape(len(leaf), -1).any(axis=1)
                if bad.any():
                    found[name] = bad
        return found

    def _read(self, start: int, stop: int) -> list[np.ndarray]:
        return self._each(
            f"rows {start} to {stop}",
            stop - start,
            lambda leaf, file: file.read(start, stop) if file else leaf[start:stop],
        )

    def _each(
        self, rows: str, count: int, read: Callable[[Any, Mapped | None], Any]
    ) -> list[np.ndarray]:
        """Read the same rows of each leaf, whatever its library makes of that."""
        found = []
        for name, leaf, file in zip(self._names, self._leaves, self._maps, strict=True):
            try:
                with self._reading:
                    complete = len(leaf) >= self.count
                    piece = np.asarray(read(leaf, file)) if complete else None
            except InputError:
                raise
            except Exception as error:
                raise InputError(
                    f"{rows} of {name!r} cannot be read ({described(error)}): check the file that "
                    "holds them."
                ) from error
            if piece is None or np.shape(piece)[:1] != (count,):
                raise shrunk(name)
            found.append(_widened(piece))
        return found


def _taken(leaf: Any, file: Mapped | None, indices: np.ndarray) -> np.ndarray:
    """Return some rows of a leaf; a leaf that only has slices is read in pieces around them."""
    if file:
        return file.take(indices)
    if isinstance(leaf, np.ndarray | jax.Array):
        return np.asarray(leaf[indices])
    pieces = indices // _PIECE
    parts = [np.asarray(leaf[:1])[:0]]
    for piece in np.unique(pieces):
        start = int(piece) * _PIECE
        whole = np.asarray(leaf[start : start + _PIECE])
        inside = indices[pieces == piece] - start
        parts.append(whole[inside[inside < len(whole)]])
    return np.concatenate(parts)


def _widened(piece: np.ndarray) -> np.ndarray:
    if piece.dtype.kind in "iu":
        return piece.astype(np.int64, copy=False)
    return piece.astype(np.float32) if piece.dtype == np.float16 else piece


def _common_length(names: tuple[str, ...], leaves: tuple[Any, ...]) -> int:
    lengths = {}
    for name, leaf in zip(names, leaves, strict=True):
        try:
            lengths[name] = len(leaf)
        except TypeError:
            raise InputError(
                f"{name!r} of the data has no rows, being of type {type(leaf).__name__}: give an "
                "array, such as np.asarray makes of a list, with one row an observation."
            ) from None
        except Exception as error:
            raise InputError(
                f"{name!r} of the data does not say how many rows it has ({described(error)}): "
                "check the file that holds them."
            ) from error
    if len(set(lengths.values())) > 1:
        told = ", ".join(f"{length} of {name!r}" for name, length in lengths.items())
        raise InputError(
            f"the data have rows of different number ({told}): give each array one row an "
            "observation."
        )
    count = next(iter(lengths.values()))
    if not count:
        raise InputError("the data are empty: give at least one row.")
    return count


def _check_numbers(name: str, leaf: Any, first: np.ndarray) -> None:
    if first.dtype.kind not in _KINDS:
        kind = {"O": "objects", "c": "complex numbers"}.get(first.dtype.kind, str(first.dtype))
        raise InputError(f"{name!r} of the data holds {kind}: give real numbers.")
    if getattr(leaf, "dtype", None) == np.uint64 and isinstance(leaf, np.ndarray):
        # What else is unsigned fits 64 bits with a sign.
        most = max(int(leaf[i : i + 2**20].max()) for i in range(0, len(leaf), 2**20))
        if most > np.iinfo(np.int64).max:
            raise InputError(
                f"{name!r} of the data holds integers as large as {most}, which overflow 64 bits "
                "with a sign: give it as floats."
            )


def named_rows(indices: np.ndarray) -> str:
    """Return row numbers as a sentence names them, the first few of many."""
    first = ", ".join(str(i) for i in indices[:_MOST_NAMED])
    return first + (", ..." if len(indices) > _MOST_NAMED else "")
