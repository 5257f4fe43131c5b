"""Which rows are to blame: those that hold NaN, overflow, or have no finite log likelihood."""

from collections.abc import Iterator
from typing import Any

import jax
import numpy as np
from jaxtyping import Float64, PyTree

from fluvial.errors import InputError
from fluvial.targets.row_programs import padded
from fluvial.targets.rows import named_rows
from fluvial.targets.rows_density import RowsDensity

__all__ = ["check_rows", "complaint_of_rows"]

# Products of three integers below this fit 64 bits, which is what models make of counts.
_SMALL = 2**20
_AGREE = 1e-5  # relative: rows may be float32


def check_rows(stream: RowsDensity, point: Float64[np.ndarray, " D"]) -> None:
    """Look at this process's rows: in one pass, if none of them holds NaN.

    A row with NaN is one that is missing where its log likelihood is finite all the same.

    Args:
        stream: the density.
        point: at which a log likelihood that is NaN counts.

    Raises:
        InputError: if rows hold NaN, and how many and which; or if integers overflow.
    """
    bad: dict[str, list[int]] = {}
    for start, block in _blocks(stream):
        found = stream.rows.with_nan(block)
        if found:
            spoiled = np.isnan(_terms(stream, point, block))
            for name, where in found.items():
                bad.setdefault(name, []).extend(start + np.flatnonzero(where & spoiled))
        if any(leaf.dtype.kind == "i" and _large(leaf) for leaf in jax.tree.leaves(block)):
            _check_overflow(stream, start, block)
    for name, indices in bad.items():
        if indices:
            raise InputError(
                f"{_told(stream, indices)} hold NaN{_in(stream, name)}, so the log density is "
                "finite nowhere: leave them out, or let the log likelihood pass over them."
            )


def complaint_of_rows(stream: RowsDensity, points: Float64[np.ndarray, "N D"]) -> str | None:
    """Say which of this process's rows have a finite log likelihood at none of some points.

    Args:
        stream: the density.
        points: at which that of all rows together is not finite.

    Returns:
        A sentence, or None where there are no such rows, or all are.
    """
    bad: list[int] = []
    for start, block in _blocks(stream):
        lost = np.ones(len(jax.tree.leaves(block)[0]), bool)
        for point in points:
            lost &= ~np.isfinite(_terms(stream, point, block))
        bad.extend(start + np.flatnonzero(lost))
    if not 0 < len(bad) < stream.rows.count:
        return None
    return (
        f"the log likelihood of {_told(stream, bad)} is not finite at any of {len(points)} points: "
        "check these rows for values that the model does not allow."
    )


def _blocks(stream: RowsDensity) -> Iterator[tuple[int, PyTree]]:
    for start in range(0, stream.rows.count, stream.block_rows):
        yield start, stream.rows.block(start, min(start + stream.block_rows, stream.rows.count))


def _terms(stream: RowsDensity, point: np.ndarray, block: PyTree) -> np.ndarray:
    count = len(jax.tree.leaves(block)[0])
    with jax.enable_x64(True):
        terms = stream.programs.terms(point, padded(block, stream.block_rows))
    return np.asarray(terms)[:count]


def _large(leaf: np.ndarray) -> bool:
    return bool(leaf.size) and (int(leaf.max()) >= _SMALL or int(leaf.min()) <= -_SMALL)


def _check_overflow(stream: RowsDensity, start: int, block: PyTree) -> None:
    """Compare terms of integers with those of the same numbers as floats, which do not wrap."""
    point = np.random.default_rng(0).uniform(-0.5, 0.5, stream.dim)
    try:
        other = _terms(stream, point, jax.tree.map(_as_float, block))
    except Exception:
        return  # integers that are indices, of which no model makes products
    terms = _terms(stream, point, block)
    with np.errstate(invalid="ignore", over="ignore"):
        wrong = np.isfinite(terms) & ~np.isclose(terms, other, rtol=_AGREE, atol=_AGREE)
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        raise InputError(
            f"integers overflow in the log likelihood of row {start + row}, which is "
            f"{terms[row]:.6g}, and {other[row]:.6g} with the same numbers as floats: give large "
            "integers as floats."
        )


def _as_float(leaf: np.ndarray) -> np.ndarray:
    return leaf.astype(np.float64) if leaf.dtype.kind == "i" else leaf


def _told(stream: RowsDensity, indices: list[Any]) -> str:
    kind = "rows" if stream.local is None else "groups"
    these = kind if len(indices) > 1 else kind[:-1]
    named = named_rows(np.array(indices))
    return f"{len(indices):,} of {stream.rows.count:,} {kind} ({these} {named})"


def _in(stream: RowsDensity, name: str) -> str:
    if stream.local is not None:
        name = name.removeprefix("rows").removeprefix(".")
    return f" in {name!r}" if name else ""
