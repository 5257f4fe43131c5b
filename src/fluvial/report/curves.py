"""The learning curves that a study declares, thinned for a page."""

import math
from collections.abc import Iterator
from itertools import groupby
from typing import Any

import numpy as np
from jaxtyping import Float

from fluvial.errors import InputError
from fluvial.reproduction import Curve, StudyResults

__all__ = ["learning_curves"]

_POINTS = 200
_DIGITS = 5


def learning_curves(results: StudyResults) -> list[dict[str, Any]]:
    """Draw the curves of a study's finished units; more than 200 points are averaged in blocks.

    Returns:
        One entry a unit: ``unit``, ``quantity``, and ``lines``, each with ``label``, ``x`` (the
        step) and ``y`` (None where a value is not finite).

    Raises:
        InputError: if a curve is declared that the records do not have.
    """
    shown = [curve for curve in results.curves() if results.done(curve.unit)]
    charts = []
    for unit, curves in groupby(shown, key=lambda curve: curve.unit):
        several = list(curves)
        arrays = results.record(unit).arrays
        lines = [line for curve in several for line in _lines(results, curve, arrays)]
        charts.append({"unit": unit, "quantity": several[0].quantity, "lines": lines})
    return charts


def _lines(results: StudyResults, curve: Curve, arrays) -> Iterator[dict[str, Any]]:
    array = arrays.get(curve.array)
    if array is None or array.dtype.kind != "f" or array.ndim not in (1, 2) or array.size == 0:
        raise InputError(
            f"{results.folder} declares a curve {curve.array[:80]!r} of {curve.unit} that is not "
            "in its records: run the study again with --resume."
        )
    rows, seeds = np.atleast_2d(array), results.header["seeds"]
    for index, row in enumerate(rows):
        words = [curve.label] if curve.label else []
        if len(rows) > 1:
            words.append(f"seed {seeds[index] if index < len(seeds) else index}")
        steps = curve.steps or len(row)
        label = ", ".join(words) or curve.quantity
        yield {"label": label, **_thinned(row.astype(np.float64), steps)}


def _thinned(curve: Float[np.ndarray, " steps"], steps: int) -> dict[str, list[float | None]]:
    blocks = np.array_split(curve, min(_POINTS, len(curve)))
    ends = np.cumsum([len(block) for block in blocks]) * (steps / len(curve))
    return {
        "x": [_short(float(end)) for end in ends],
        "y": [_short(float(np.mean(block))) for block in blocks],
    }


def _short(value: float) -> float | None:
    return float(f"{value:.{_DIGITS}g}") if math.isfinite(value) else None
