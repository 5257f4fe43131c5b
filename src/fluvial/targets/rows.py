"""Rows of data with one leading axis, in memory or in files, read a block at a time."""

import os
from typing import Any, final

import jax
import numpy as np
from jaxtyping import PyTree

from fluvial.errors import InputError, described
from fluvial.targets.space import dotted

__all__ = ["Rows", "named_rows"]

_KINDS = "biuf"
_MOST_NAMED = 3
_PIECE = 1024  # rows


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
        self._maps = tuple(_mapped(leaf) for leaf in self._leaves)
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

    def take(self, indices: np.ndarray) -> PyTree:
        """Return some rows, in the order in which they lie.

        Args:
            indices: in ascending order.
        """
        for name, mapped in zip(self._names, self._maps, strict=True):
            if mapped:
                _check_file(name, *mapped)
        chosen = [_widened(_taken(leaf, indices)) for leaf in self._leaves]
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
        for name, leaf, mapped in zip(self._names, self._leaves, self._maps, strict=True):
            _check_length(name, leaf, self.count)
            if mapped:
                _check_file(name, *mapped)
        read = []
        for name, leaf in zip(self._names, self._leaves, strict=True):
            try:
                piece = np.asarray(leaf[start:stop])
            except Exception as error:
                raise InputError(
                    f"rows {start} to {stop} of {name!r} cannot be read ({described(error)}): "
                    "check the file that holds them."
                ) from error
            if len(piece) != stop - start:
                raise _shrunk(name)
            read.append(_widened(piece))
        return read


def _taken(leaf: Any, indices: np.ndarray) -> np.ndarray:
    """Return some rows of a leaf; a leaf that only has slices is read in pieces around them."""
    if isinstance(leaf, np.ndarray | jax.Array):
        return np.asarray(leaf[indices])
    pieces = indices // _PIECE
    parts = [np.asarray(leaf[:1])[:0]]
    for piece in np.unique(pieces):
        start = int(piece) * _PIECE
        whole = np.asarray(leaf[start : start + _PIECE])
        parts.append(whole[indices[pieces == piece] - start])
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
                f"{name!r} of the data is a {type(leaf).__name__} without rows: give an array with "
                "one row an observation."
            ) from None
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


def _mapped(leaf: Any) -> tuple[str, int] | None:
    """Return the file behind a memory map, or a view of one, and how many bytes it must have."""
    while isinstance(leaf, np.ndarray):
        if isinstance(leaf, np.memmap) and leaf.base is not None and leaf.filename:
            whole = leaf
            while isinstance(whole.base, np.memmap):
                whole = whole.base
            return str(whole.filename), int(whole.offset) + whole.nbytes
        leaf = leaf.base
    return None


def _check_file(name: str, path: str, least: int) -> None:
    # Reading past the end of a map ends the process, without a word.
    try:
        size = os.stat(path).st_size
    except OSError as error:
        raise InputError(f"the file behind {name!r} is gone ({described(error)}).") from error
    if size < least:
        raise _shrunk(name)


def _check_length(name: str, leaf: Any, count: int) -> None:
    if len(leaf) < count:
        raise _shrunk(name)


def _shrunk(name: str) -> InputError:
    return InputError(
        f"{name!r} of the data has lost rows since the target was made: write the file anew, and "
        "make the target again."
    )


def named_rows(indices: np.ndarray) -> str:
    """Return row numbers as a sentence names them, the first few of many."""
    first = ", ".join(str(i) for i in indices[:_MOST_NAMED])
    return first + (", ..." if len(indices) > _MOST_NAMED else "")
