"""Rows gathered by group, so that a group is one row of a block."""

from typing import Any, NamedTuple, final

import jax
import numpy as np
from jaxtyping import Int, PyTree

from fluvial.errors import InputError, described
from fluvial.targets.rows import Rows, named_rows
from fluvial.targets.space import dotted

__all__ = ["Grouping", "gathered_by_group", "grouping"]

_MOST_PADDING = 20  # times the rows themselves


class Grouping(NamedTuple):
    """Which rows belong to which group.

    Attributes:
        order: all rows, those of a group side by side.
        starts: where each group begins in ``order``, and where the last one ends.
        widest: rows of the largest group.
    """

    order: Int[np.ndarray, " N"]
    starts: Int[np.ndarray, " G1"]
    widest: int

    @property
    def count(self) -> int:
        """How many groups there are."""
        return len(self.starts) - 1


def grouping(group: Any) -> Grouping:
    """Sort rows by their groups, which are numbered from 0.

    Args:
        group: of each row the number of its group, shape (N,).

    Raises:
        InputError: if the numbers are invalid, a group has no rows, or one is far too large.

    Example:
        >>> grouping(np.array([1, 0, 1])).order.tolist()
        [1, 0, 2]
    """
    try:
        numbers = np.asarray(group)
    except Exception as error:
        raise InputError(
            f"the groups cannot be read ({described(error)}): give an array with one whole number "
            "for each row, from 0."
        ) from error
    if numbers.ndim != 1 or numbers.dtype.kind not in "iu" or not len(numbers):
        raise InputError(
            f"the groups have shape {numbers.shape} and type {numbers.dtype}: give one whole "
            "number for each row, from 0."
        )
    if numbers.min() < 0:
        raise InputError(f"a group has the number {numbers.min()}: number the groups from 0.")
    sizes = np.bincount(numbers)
    empty = np.flatnonzero(sizes == 0)
    if len(empty):
        raise InputError(
            f"{len(empty)} of {len(sizes)} groups have no row (groups {named_rows(empty)}): number "
            "the groups from 0 without gaps."
        )
    widest = int(sizes.max())
    if widest * len(sizes) > _MOST_PADDING * len(numbers):
        mean = len(numbers) / len(sizes)
        raise InputError(
            f"the largest group has {widest} rows, and the mean one {mean:.3g}: "
            "split large groups off, or give their latents to the parameters of all."
        )
    order = np.argsort(numbers, kind="stable")
    return Grouping(order, np.concatenate([[0], np.cumsum(sizes)]), widest)


@final
class _Gathered:
    """A leaf whose rows are groups: slices have shape (groups, widest, ...)."""

    def __init__(self, rows: Rows, groups: Grouping):
        self._rows, self._groups = rows, groups

    def __len__(self) -> int:
        return self._groups.count

    def __getitem__(self, place: slice) -> np.ndarray:
        start, stop, _ = place.indices(len(self))
        rows, _ = _places(self._groups, start, stop)
        first, last = int(rows.min()), int(rows.max()) + 1
        if last - first <= 2 * rows.size:  # side by side in the file, too
            return _only(self._rows.block(first, last))[rows - first]
        chosen, where = np.unique(rows, return_inverse=True)
        return _only(self._rows.take(chosen))[where.reshape(rows.shape)]


@final
class _Present:
    """Whether each place of a group holds a row, or padding."""

    def __init__(self, groups: Grouping):
        self._groups = groups

    def __len__(self) -> int:
        return self._groups.count

    def __getitem__(self, place: slice) -> np.ndarray:
        start, stop, _ = place.indices(len(self))
        return _places(self._groups, start, stop)[1]


def gathered_by_group(data: PyTree, groups: Grouping) -> PyTree:
    """Return data whose rows are groups, padded to the largest, and a mask of what is not padding.

    Args:
        data: a PyTree of arrays with one leading axis.
        groups: of its rows.

    Raises:
        InputError: if the data have another number of rows.
    """
    leaves = jax.tree_util.tree_map_with_path(lambda path, a: Rows({dotted(path): a}), data)
    wrong = [rows.count for rows in jax.tree.leaves(leaves) if rows.count != len(groups.order)]
    if wrong:
        raise InputError(
            f"the data have {wrong[0]} rows and the groups {len(groups.order)}: give a group for "
            "each row."
        )
    rows = jax.tree.map(lambda leaf: _Gathered(leaf, groups), leaves)
    return {"rows": rows, "present": _Present(groups)}


def _only(block: dict[str, np.ndarray]) -> np.ndarray:
    (leaf,) = block.values()
    return leaf


def _places(groups: Grouping, start: int, stop: int) -> tuple[np.ndarray, np.ndarray]:
    """The rows of some groups, (groups, widest), padded with each one's last row; and the mask."""
    first, end = groups.starts[start:stop, None], groups.starts[start + 1 : stop + 1, None]
    places = first + np.arange(groups.widest)
    return groups.order[np.minimum(places, end - 1)], places < end
