"""A function of one point, applied by the host to many, in float64 and in few shapes."""

from collections.abc import Callable, Iterator, Sequence

import jax
import numpy as np
from jaxtyping import Float64, PyTree

from fluvial.errors import InputError
from fluvial.targets.tracing import widest
from fluvial.xla import jit

__all__ = ["as_points", "batched"]

# A batch is padded to one of these numbers of rows, so that few shapes are compiled, which takes
# longer than to evaluate the padding; in many coordinates it does not.
_SIZES = 32, 128, 512, 2048
_MANY = 128
_SIZES_OF_MANY = 32, 64, 128, 256, 512, 1024, 2048
# More rows are cut into chunks, of so many that no intermediate array holds more numbers than this.
_LARGEST_BATCH = 4096
_LARGEST_BLOCK = 2**22


def batched(function: Callable) -> Callable[..., PyTree]:
    """Turn a traceable function of one point into one of many points, in float64.

    Args:
        function: from a vector of shape (D,), and arrays of data if there are any, to a PyTree of
            arrays.

    Returns:
        A function from points (N, D), a float64 NumPy array, and the data that all points share, to
        the same PyTree of NumPy arrays, each with a leading axis of length N.

    Example:
        >>> import jax.numpy as jnp
        >>> batched(jnp.sum)(np.ones((3, 2))).tolist()
        [2.0, 2.0, 2.0]
    """
    compiled = jit(lambda points, *data: jax.vmap(lambda x: function(x, *data))(points))
    rows_of: dict[int, int] = {}

    def apply(points: Float64[np.ndarray, "N D"], *data: np.ndarray) -> PyTree:
        with jax.enable_x64(True):
            dim = points.shape[1]
            if dim not in rows_of:
                rows_of[dim] = _largest_batch(function, dim, data)
            rows = rows_of[dim]
            if len(points) <= rows:
                return _apply_padded(compiled, points, data, rows)
            starts = range(0, len(points), rows)
            parts = (
                _apply_padded(compiled, points[start : start + rows], data, rows)
                for start in starts
            )
            return _stacked(parts, rows, len(points))

    return apply


def _apply_padded(compiled, points, data, most):
    n, dim = points.shape
    sizes = _SIZES_OF_MANY if dim >= _MANY else _SIZES
    size = min(next((size for size in sizes if size >= n), most), most)
    # Repeating a row of the caller's own keeps the padding away from any singular point.
    filler = np.broadcast_to(points[-1:] if n else np.zeros((1, dim)), (size - n, dim))
    result = compiled(np.concatenate([points, filler]), *data)
    # Sliced by NumPy: slicing a JAX array would cost more than the evaluation.
    return jax.tree.map(lambda leaf: np.asarray(leaf)[:n].copy(), result)


def _stacked(parts: Iterator[PyTree], rows: int, n: int) -> PyTree:
    """Concatenate parts, each of which is freed before the next is made."""
    whole, start = None, 0
    for part in parts:
        if whole is None:
            whole = jax.tree.map(lambda leaf: np.empty((n, *leaf.shape[1:]), leaf.dtype), part)
        for all_rows, leaf in zip(jax.tree.leaves(whole), jax.tree.leaves(part), strict=True):
            all_rows[start : start + len(leaf)] = leaf
        start += rows
    return whole


def _largest_batch(function: Callable, dim: int, data: Sequence[np.ndarray]) -> int:
    """Return how many rows are evaluated at once: a power of two."""
    rows = _LARGEST_BLOCK // widest(function, dim, data)
    return min(max(1 << rows.bit_length() >> 1, 1), _LARGEST_BATCH)


def as_points(points: np.ndarray, dim: int) -> Float64[np.ndarray, "N D"]:
    """Return points as a contiguous float64 array of shape (N, dim).

    Raises:
        InputError: if they do not form such an array.
    """
    array = np.ascontiguousarray(points, np.float64)
    if array.ndim != 2 or array.shape[1] != dim:
        raise InputError(f"points have shape {array.shape}: give an array of shape (N, {dim}).")
    return array
