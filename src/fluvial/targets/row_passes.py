"""Passes over a process's rows, a block at a time, in bounded memory."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, final

import jax
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec
from jaxtyping import PyTree

from fluvial.targets.row_programs import Programs, padded
from fluvial.targets.rows import Rows
from fluvial.targets.side_by_side import in_order, workers

__all__ = ["RowPasses"]

_AXIS = "rows"
_IN_CACHE = 2**18  # numbers of an intermediate array: 2 MB, about what one core's cache holds
_MOST_ROWS = 4096  # of a block, which a handful of draws more than fill
_ARRAYS = 6  # of the widest that a program keeps at once, in a gradient


@final
@dataclass(frozen=True, eq=False)
class RowPasses:
    """Reads every block once in a pass, and evaluates it at all points.

    Args:
        rows: of this process.
        programs: that evaluate a block.
        block_bytes: the most memory of a block of rows and of what is computed from it.
        devices: over which the rows of a block are split.
        watch: called with how many rows were finished, and at how many points.
    """

    rows: Rows
    programs: Programs
    block_bytes: int
    devices: tuple[Any, ...]
    watch: Callable[[int, int], None]

    @cached_property
    def block_rows(self) -> int:
        """How many rows a block has: a power of two that the devices divide."""
        most = min(_MOST_ROWS, self.block_bytes // (4 * self._workers * self.rows.row_bytes))
        size = 1 << max(most.bit_length() - 1, 3)
        size = min(size, 1 << (self.rows.count - 1).bit_length())
        parts = max(1, len(self.devices))
        return -(-size // parts) * parts

    @cached_property
    def _at_once(self) -> int:
        """At how many points a block is evaluated at once."""
        block = padded(self.rows.block(0, 1), self.block_rows)
        width = self.programs.width(block)
        bytes_each = self.block_bytes // self._workers
        room = min(_IN_CACHE, bytes_each // (8 * _ARRAYS)) // max(1, width)
        return 1 << max(0, room.bit_length() - 1)

    @cached_property
    def _placement(self) -> Any:
        if len(self.devices) < 2:
            return self.devices[0] if self.devices else None
        return NamedSharding(Mesh(np.array(self.devices), (_AXIS,)), PartitionSpec(_AXIS))

    @cached_property
    def _workers(self) -> int:
        """How many blocks are under way at once: several devices are busy with one."""
        return 1 if len(self.devices) > 1 else workers()

    def sums(self, program: Callable, points: np.ndarray) -> PyTree:
        """Add up what a program says of this process's rows, a block at a time, in their order."""
        at_once = min(self._at_once, 1 << (len(points) - 1).bit_length())
        chunks = [points[i : i + at_once] for i in range(0, len(points), at_once)]
        last = len(chunks[-1])
        chunks[-1] = np.concatenate([chunks[-1], np.repeat(points[-1:], at_once - last, axis=0)])

        def of_block(start: int) -> tuple[int, list[PyTree]]:
            stop = min(start + self.block_rows, self.rows.count)
            block = padded(self.rows.block(start, stop), self.block_rows)
            with jax.enable_x64(True):
                block = jax.device_put(block, self._placement)
                parts = [program(chunk, block, np.int64(stop - start)) for chunk in chunks]
                return stop - start, jax.tree.map(np.asarray, parts)

        sums: Any = None
        starts = range(0, self.rows.count, self.block_rows)
        for done, parts in in_order(of_block, starts, self._workers):
            sums = parts if sums is None else jax.tree.map(np.add, sums, parts)
            self.watch(done, len(points))
        return jax.tree.map(lambda *parts: np.concatenate(parts)[: len(points)], *sums)
