"""A density of rows, built once its log likelihood is known to treat each row by itself."""

from collections.abc import Callable
from typing import Any

import jax
import numpy as np
from jaxtyping import PyTree

from fluvial.errors import InputError, described
from fluvial.targets.row_agreement import first_apart
from fluvial.targets.row_programs import Programs
from fluvial.targets.rows import Rows
from fluvial.targets.rows_density import RowsDensity
from fluvial.targets.tracing import Traced

__all__ = ["rows_density"]

_LEAST_BYTES = 2**20
_CHECKED = 64  # rows
_TRIES = 4  # points, where terms are not finite at the first


def rows_density(
    log_prior: Traced,
    log_likelihood: Callable[[Any, PyTree], Any],
    rows: Rows,
    dim: int,
    block_bytes: int,
) -> RowsDensity:
    """Put a density together, and look at its terms.

    Args:
        log_prior: from a vector of shape (dim,) to a scalar.
        log_likelihood: from such a vector and a block of R rows to R numbers.
        rows: the data of this process.
        dim: D.
        block_bytes: the most memory that a block may take.

    Raises:
        InputError: if the log likelihood fails, does not return a number for each row, or returns
            one that depends on other rows.
    """
    number = isinstance(block_bytes, int | float) and not isinstance(block_bytes, bool)
    if not number or not block_bytes >= _LEAST_BYTES:
        raise InputError(f"block_bytes is {block_bytes!r}: give at least {_LEAST_BYTES} (1 MiB).")
    _check_shape(log_likelihood, rows, dim)
    programs = Programs(log_prior, log_likelihood, dim)
    _check_alone(programs, rows, dim)
    return RowsDensity(dim, log_prior, log_likelihood, rows, int(block_bytes), programs)


def _check_shape(log_likelihood: Callable, rows: Rows, dim: int) -> None:
    count = min(rows.count, 5)
    sizes = {count, max(1, count - 1)}  # of a size that happens to be another's, too
    for size in sizes:
        _check_one_shape(log_likelihood, rows.block(0, size), size, dim)


def _check_one_shape(log_likelihood: Callable, block: PyTree, size: int, dim: int) -> None:
    try:
        with jax.enable_x64(True), jax.numpy_dtype_promotion("standard"):
            told = jax.eval_shape(
                log_likelihood, jax.ShapeDtypeStruct((dim,), np.float64), _shapes(block)
            )
    except InputError:
        raise
    except Exception as error:
        raise InputError(
            f"the log likelihood failed for a block of {size} rows: {described(error)}"
        ) from error
    shape = getattr(told, "shape", None)
    if shape is None:
        raise InputError(
            f"the log likelihood returned a {type(told).__name__}: return an array with one number "
            "for each row of the block."
        )
    if shape == ():
        raise InputError(
            f"the log likelihood returned a single number for a block of {size} rows: return one "
            "for each row, without the sum over them."
        )
    if shape != (size,):
        raise InputError(
            f"the log likelihood returned an array of shape {shape} for a block of {size} rows: "
            f"return shape ({size},), one number for each row."
        )
    if not np.issubdtype(told.dtype, np.floating):
        raise InputError(
            f"the log likelihood returned numbers of type {told.dtype}: return real floating-point "
            "numbers."
        )


def _shapes(block: PyTree) -> PyTree:
    return jax.tree.map(lambda leaf: jax.ShapeDtypeStruct(leaf.shape, leaf.dtype), block)


def _check_alone(programs: Programs, rows: Rows, dim: int) -> None:
    """Compare the terms of rows in one block with those of the same rows in two."""
    rng = np.random.default_rng(0)
    size = min(_CHECKED, rows.count)
    if size < 2:
        return
    block = rows.take(np.sort(rng.choice(rows.count, size, replace=False)))
    cut = max(1, size // 3)
    for attempt in range(_TRIES):
        point = 0.5**attempt * rng.uniform(-1.0, 1.0, dim)
        with jax.enable_x64(True):
            whole, head, tail = (
                np.asarray(programs.terms(point, _cut(block, part)))
                for part in (slice(None), slice(cut), slice(cut, None))
            )
        apart = np.concatenate([head, tail])
        finite = np.isfinite(whole) | np.isfinite(apart)
        if finite.any():
            break
    first = first_apart(whole, apart)
    if first is not None:
        raise InputError(
            "the log likelihood of a row depends on the other rows of its block: one row has "
            f"{whole[first]:.6g} in a block of {size} and {apart[first]:.6g} in a smaller one. "
            "Compute what spans rows, such as a mean, beforehand and give it as a column or a "
            "constant."
        )


def _cut(block: PyTree, part: slice) -> PyTree:
    return jax.tree.map(lambda leaf: leaf[part], block)
