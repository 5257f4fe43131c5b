"""Predictions for many rows from many draws, without an array of rows × draws.

Rows come in blocks, so many that all draws of a block fit into a fixed amount of memory, and some
blocks are computed at once, a core each; a block is reduced over the draws before its memory is
given to another. Memory grows with the number of rows and with the number of draws, but never with
their product.

Quantiles are read from sorted draws: where these lie side by side in memory, NumPy sorts them
faster than it finds the few order statistics in columns.
"""

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import PyTree

from fluvial.errors import InputError, described
from fluvial.targets.rows import named_rows
from fluvial.targets.side_by_side import in_order, workers
from fluvial.xla import jit

__all__ = ["Predictions", "predicted"]

_BLOCK = 2**18  # numbers of a block: 2 MB in float64, about what a core's cache holds
_NOT_TRACED = (jax.errors.ConcretizationTypeError, jax.errors.TracerArrayConversionError)


@dataclass(frozen=True, eq=False)
class Predictions:
    """What the draws say about each row.

    Attributes:
        mean: over the draws, shape (N, *shape).
        sd: their standard deviation, of the same shape; NaN where a draw's is infinite.
        quantiles: probability -> quantile of the draws, of the same shape.
        missing: for how many draws the function returned NaN, of the same shape, int64; where it
            did for any, mean, sd and quantiles are NaN.
    """

    mean: np.ndarray
    sd: np.ndarray
    quantiles: dict[float, np.ndarray]
    missing: np.ndarray


def predicted(
    function: Callable[..., Any],
    draws: Mapping[str, np.ndarray],
    rows: PyTree,
    *,
    quantiles: Sequence[float],
    seed: int | None,
) -> Predictions:
    """Predict all rows; see ``Posterior.predict``."""
    _check_quantiles(quantiles)
    count = _row_count(rows)
    n = len(next(iter(draws.values())))
    shape = _shape(function, draws, rows, seed)
    size = max(1, min(count, _BLOCK // max(1, n * int(np.prod(shape)))))
    results = np.empty((2 + len(quantiles), count, *shape))
    missing = np.zeros((count, *shape), np.int64)
    evaluated = _evaluator(function, draws, rows, size, seed)

    def fill(start: int) -> None:
        stop = min(start + size, count)
        block = evaluated(start)[: stop - start]
        results[:, start:stop], missing[start:stop] = _reduced(block, quantiles)

    for _ in in_order(fill, range(0, count, size), workers()):
        pass
    _warn_of(missing)
    of_draws = dict(zip(quantiles, results[2:], strict=True))
    return Predictions(results[0], results[1], of_draws, missing)


def _reduced(block: np.ndarray, quantiles: Sequence[float]) -> tuple[np.ndarray, np.ndarray]:
    """Mean, sd and quantiles over the last axis, which is sorted in place, and how many are NaN."""
    mean = block.mean(axis=-1)
    with np.errstate(invalid="ignore"):
        away = block - mean[..., None]
    sd = np.sqrt(np.einsum("...n,...n->...", away, away) / block.shape[-1])
    missing = np.isnan(block).sum(axis=-1)
    if not len(quantiles):
        return np.stack([mean, sd]), missing
    block.sort(axis=-1)  # NaN last
    found = np.stack([mean, sd, *(_of_sorted(block, q) for q in quantiles)])
    return np.where(missing > 0, np.nan, found), missing


def _of_sorted(values: np.ndarray, probability: float) -> np.ndarray:
    """Interpolate between order statistics, as ``np.quantile`` does (its method ``linear``)."""
    place = probability * (values.shape[-1] - 1)
    below = int(place)
    low, high = values[..., below], values[..., min(below + 1, values.shape[-1] - 1)]
    # Between infinities of one sign a difference would be NaN.
    step = np.subtract(high, low, out=np.zeros_like(low), where=high != low)
    return low + (place - below) * step if place > below else low


def _warn_of(missing: np.ndarray) -> None:
    """Say which rows have no prediction."""
    rows = np.flatnonzero(missing.reshape(len(missing), -1).any(axis=1))
    if len(rows):
        warnings.warn(
            f"The function returned NaN for {len(rows):,} of {len(missing):,} rows "
            f"(rows {named_rows(rows)}), in {missing.sum():,} numbers: their mean, sd and "
            "quantiles are NaN.",
            stacklevel=4,
        )


def _evaluator(
    function: Callable, draws: Mapping[str, np.ndarray], rows: PyTree, size: int, seed: int | None
) -> Callable[[int], np.ndarray]:
    """Return what computes the block of rows that starts somewhere, (size, *shape, n), writable."""
    compiled = jit(partial(_all, function, seed is not None))
    with jax.enable_x64(True):
        parameters = {name: jnp.asarray(a, jnp.float64) for name, a in draws.items()}
    places = np.arange(size)

    def evaluated(start: int) -> np.ndarray:
        block = jax.tree.map(lambda a: _padded(np.asarray(a[start : start + size]), size), rows)
        with jax.enable_x64(True), jax.numpy_dtype_promotion("standard"):
            key = jax.random.key(seed or 0)
            by_draw = np.asarray(compiled(parameters, block, key, start + places))
        return np.array(np.moveaxis(by_draw, 0, -1), np.float64, order="C")

    return evaluated


def _all(function: Callable, random: bool, parameters, block, key, places):
    """Evaluate a block: every draw with every row, each with a key of its own."""
    n = len(next(iter(parameters.values())))

    def one(values, row, draw, place):
        if not random:
            return jnp.asarray(function(values, row))
        own = jax.random.fold_in(jax.random.fold_in(key, draw), place)
        return jnp.asarray(function(values, row, own))

    over_rows = jax.vmap(one, in_axes=(None, 0, None, 0))
    over_draws = jax.vmap(over_rows, in_axes=(0, None, 0, None))
    return over_draws(parameters, block, jnp.arange(n), places)


def _shape(
    function: Callable, draws: Mapping[str, np.ndarray], rows: PyTree, seed: int | None
) -> tuple[int, ...]:
    one = {name: a[:1] for name, a in draws.items()}
    try:
        with jax.enable_x64(True), jax.numpy_dtype_promotion("standard"):
            row = jax.tree.map(lambda a: jnp.asarray(np.asarray(a[:1])), rows)
            told = jax.eval_shape(
                partial(_all, function, seed is not None),
                one,
                row,
                jax.random.key(0),
                jnp.arange(1),
            )
    except _NOT_TRACED as error:
        raise InputError(
            "the function that predicts asks for the value of something that JAX is tracing, as "
            "NumPy's functions, float() and `if` do: write it with jax.numpy, and jnp.where."
        ) from error
    except Exception as error:
        raise InputError(
            f"the function that predicts failed on one draw and one row: {described(error)}"
        ) from error
    if told.dtype.kind not in "biuf":
        raise InputError(
            f"the function that predicts returned numbers of type {told.dtype}: return real ones."
        )
    return tuple(told.shape[2:])


def _row_count(rows: PyTree) -> int:
    """How many rows there are.

    Raises:
        InputError: if there are none, or the arrays differ in length.
    """
    leaves = jax.tree.leaves(rows)
    if not leaves or any(np.ndim(leaf) == 0 for leaf in leaves):
        held = "a single number" if leaves else "no array"
        raise InputError(
            f"rows are of type {type(rows).__name__!r} and hold {held}: give an array, such as "
            "np.asarray makes of a list, or several, with a row for each element of the first axis."
        )
    sizes = {np.shape(leaf)[0] for leaf in leaves}
    if len(sizes) != 1 or min(sizes) < 1:
        raise InputError(
            f"rows have the lengths {sorted(sizes)}: give arrays with one first axis, of at least "
            "one row."
        )
    for leaf in leaves:
        dtype = np.asarray(leaf[:1]).dtype
        if dtype.kind not in "biuf":
            raise InputError(f"rows hold values of type {dtype}: give real numbers.")
    return int(sizes.pop())


def _padded(block: np.ndarray, size: int) -> np.ndarray:
    """Repeat the last row, so that one shape is compiled."""
    missing = size - len(block)
    return np.concatenate([block, np.repeat(block[-1:], missing, axis=0)]) if missing else block


def _check_quantiles(quantiles: Any) -> None:
    try:
        values = np.asarray(quantiles, np.float64)
    except (TypeError, ValueError):
        values = np.empty(())
    if values.ndim != 1:
        raise InputError(
            f"quantiles are {quantiles!r}: give probabilities between 0 and 1, as [0.05, 0.95] are."
        )
    wrong = values[~((values >= 0.0) & (values <= 1.0))]
    if len(wrong):
        raise InputError(f"a quantile is {wrong[0]}: give probabilities between 0 and 1.")
