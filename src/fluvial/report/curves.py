"""Learning curves out of a study's records, thinned for a page."""

import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from jaxtyping import Float

from fluvial.reproduction import Ledger, Record

__all__ = ["learning_curves"]

_NAMES = ("loss", "free_energy", "elbo", "bound")
_MARK = "curve_"
_POINTS = 200
_DIGITS = 5
_MOST_STEPS = 2**63


def learning_curves(ledger: Ledger) -> list[dict[str, Any]]:
    """Collect the curves of a study's finished units.

    An array is one if its name speaks of a loss, a free energy or a bound and it has one axis, the
    steps, or two, the seeds and the steps. Where some of a record's names begin with "curve_",
    the others are no curves. More than 200 steps are averaged in blocks.

    Returns:
        One entry a unit: ``unit``, ``quantity``, and ``lines``, each with ``label``, ``x`` (the
        step) and ``y`` (None where a value is not finite).
    """
    units = [unit for unit in ledger.header["units"] if ledger.done(unit)]
    charts = (_chart(unit, ledger.record(unit), ledger.header["seeds"]) for unit in units)
    return [chart for chart in charts if chart["lines"]]


def _chart(unit: str, record: Record, seeds: list[int]) -> dict[str, Any]:
    curves = {name: np.asarray(curve) for name, curve in _curves(record.arrays)}
    marked = {name: curve for name, curve in curves.items() if name.startswith(_MARK)}
    curves = {name.removeprefix(_MARK): curve for name, curve in (marked or curves).items()}
    lines = []
    for name, curve in curves.items():
        steps = record.values.get("steps")
        total = curve.shape[-1]
        if isinstance(steps, int) and total <= steps < _MOST_STEPS:
            total = steps
        rows = np.atleast_2d(curve)
        for index, row in enumerate(rows):
            seed = f"seed {seeds[index] if index < len(seeds) else index}"
            several = [_words(name)] if len(curves) > 1 else []
            label = ", ".join([*several, *([seed] if len(rows) > 1 else [])]) or _words(name)
            lines.append({"label": label, **_thinned(row.astype(np.float64), total)})
    quantity = _words(next(iter(curves))) if len(curves) == 1 else "loss"
    return {"unit": unit, "quantity": quantity, "lines": lines}


def _curves(arrays: Mapping[str, np.ndarray]) -> Iterator[tuple[str, np.ndarray]]:
    for name, array in arrays.items():
        named = any(word in name for word in _NAMES)
        if named and array.ndim in (1, 2) and array.shape[-1] > 1 and array.dtype.kind == "f":
            yield name, array


def _thinned(curve: Float[np.ndarray, " steps"], total: int) -> dict[str, list[float | None]]:
    blocks = np.array_split(curve, min(_POINTS, len(curve)))
    ends = np.cumsum([len(block) for block in blocks]) * (total / len(curve))
    return {
        "x": [_short(float(end)) for end in ends],
        "y": [_short(float(np.mean(block))) for block in blocks],
    }


def _short(value: float) -> float | None:
    return float(f"{value:.{_DIGITS}g}") if math.isfinite(value) else None


def _words(name: str) -> str:
    return name.replace("_", " ")
