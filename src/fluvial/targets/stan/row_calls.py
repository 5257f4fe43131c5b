"""Calls of a C function for each row of a batch, with arguments that are made only once.

To make an argument of a row's address takes ctypes longer than a small Stan program takes for its
log density. So rows are copied to where they always are, and results from there.
"""

import ctypes
from collections.abc import Callable, Sequence
from itertools import repeat
from typing import final

import numpy as np
from jaxtyping import Float64

__all__ = ["RowCalls"]

_ROWS = 256  # speed: made arguments of; as many calls take a hundred times as long as the loop
_NUMBERS = 2**15  # memory: of the rows of one array, which fit a cache


@final
class RowCalls:
    """Calls with a point and where to write the value there, and possibly the gradient.

    Two threads have to take turns.

    Args:
        dim: D, the number of coordinates of a point.
    """

    def __init__(self, dim: int):
        self._rows = int(np.clip(_NUMBERS // max(dim, 1), 1, _ROWS))
        self._points, self._values, self._gradients = (
            _RowArguments(self._rows, width) for width in (dim, 1, dim)
        )

    def values(
        self, function: Callable, first: Sequence, points: Float64[np.ndarray, "N D"]
    ) -> tuple[Float64[np.ndarray, " N"], list[int]]:
        """Call ``function(*first, point, value, None)``, which returns 0 if all is well.

        Args:
            function: of ctypes, without ``argtypes``.
            first: arguments, as objects of ctypes.
            points: the points.

        Returns:
            The values, and the rows at which the function failed.
        """
        values = np.empty((len(points), 1))
        failed = self._call(function, first, points, [(self._values, values)])
        return values[:, 0], failed

    def value_and_grad(
        self, function: Callable, first: Sequence, points: Float64[np.ndarray, "N D"]
    ) -> tuple[Float64[np.ndarray, " N"], Float64[np.ndarray, "N D"], list[int]]:
        """Call ``function(*first, point, value, gradient, None)``; see ``values``."""
        values, gradients = np.empty((len(points), 1)), np.empty(points.shape)
        written = [(self._values, values), (self._gradients, gradients)]
        failed = self._call(function, first, points, written)
        return values[:, 0], gradients, failed

    def _call(self, function, first, points, written) -> list[int]:
        failed: list[int] = []
        places = [self._points.places, *(rows.places for rows, _ in written)]
        for start in range(0, len(points), self._rows):
            part = points[start : start + self._rows]
            count = len(part)
            self._points.array[:count] = part
            # `map` ends with the first of its arguments, of which there are as many as points
            constant = repeat(first[0], count), *map(repeat, first[1:])
            codes = list(map(function, *constant, *places, repeat(None)))
            for rows, array in written:
                array[start : start + count] = rows.array[:count]
            if any(codes):
                failed += [start + row for row, code in enumerate(codes) if code]
        return failed


@final
class _RowArguments:
    """An array that stays where it is, and its rows as arguments of ctypes."""

    def __init__(self, rows: int, width: int):
        memory = np.empty((rows, max(width, 1)))  # for of nothing there is no address
        self.array = memory[:, :width]
        raw = (ctypes.c_char * memory.nbytes).from_buffer(memory.data)
        self.places = [ctypes.byref(raw, at) for at in range(0, memory.nbytes, memory.strides[0])]
