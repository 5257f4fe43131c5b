"""A function of one point, applied by the host to many, in float64 and in few compiled shapes."""

from collections.abc import Callable

import jax
import numpy as np
from jaxtyping import Float64, PyTree

from fluvial.errors import InputError

__all__ = ["as_points", "batched", "largest_batch"]

# A batch is padded to a power of two of rows, so that at most a dozen shapes are ever compiled;
# more rows than these bounds allow are cut into chunks, so that memory stays bounded.
_SMALLEST_BATCH = 16
_LARGEST_BATCH = 4096
_LARGEST_BLOCK = 2**19


def batched(function: Callable) -> Callable[[np.ndarray], PyTree]:
    """Turn a traceable function of one point into one of many points, in float64.

    Args:
        function: from a vector of shape (D,) to a PyTree of arrays.

    Returns:
        A function from points (N, D), a float64 NumPy array, to the same PyTree of NumPy arrays,
        each with a leading axis of length N.

    Example:
        >>> import jax.numpy as jnp
        >>> batched(jnp.sum)(np.ones((3, 2))).tolist()
        [2.0, 2.0, 2.0]
    """
    compiled = jax.jit(jax.vmap(function))

    def apply(points: Float64[np.ndarray, "N D"]) -> PyTree:
        rows = largest_batch(points.shape[1])
        starts = range(0, max(len(points), 1), rows)
        with jax.enable_x64(True):
            parts = [_apply_padded(compiled, points[start : start + rows]) for start in starts]
        return jax.tree.map(lambda *leaves: np.concatenate(leaves), *parts)

    return apply


def _apply_padded(compiled, points):
    n, dim = points.shape
    size = max(_SMALLEST_BATCH, 1 << max(n - 1, 0).bit_length())
    # Repeating a row of the caller's own keeps the padding away from any singular point.
    filler = np.broadcast_to(points[-1:] if n else np.zeros((1, dim)), (size - n, dim))
    result = compiled(np.concatenate([points, filler]))
    return jax.tree.map(lambda leaf: np.array(leaf[:n]), result)


def largest_batch(dim: int) -> int:
    """Return how many rows of length `dim` are evaluated at once, a power of two."""
    rows = max(_LARGEST_BLOCK // dim, _SMALLEST_BATCH)
    return min(1 << (rows.bit_length() - 1), _LARGEST_BATCH)


def as_points(points: np.ndarray, dim: int) -> Float64[np.ndarray, "N D"]:
    """Return points as a contiguous float64 array of shape (N, dim).

    Raises:
        InputError: if they do not form such an array.
    """
    array = np.ascontiguousarray(points, np.float64)
    if array.ndim != 2 or array.shape[1] != dim:
        raise InputError(f"points have shape {array.shape}: give an array of shape (N, {dim}).")
    return array
