"""A posterior's summary as text for a program to read: JSON, and comma-separated values."""

import csv
import dataclasses
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fluvial.storage import strict_json
from fluvial.storage.writing import replaced

if TYPE_CHECKING:
    from fluvial.inference import Posterior
    from fluvial.posterior.summary import Summary

__all__ = ["as_csv", "as_json", "write_columns"]

_HEADER = ("name", "mean", "sd", "q5", "q95", "ess")


def as_json(posterior: "Posterior", summary: "Summary") -> str:
    """Write verdict, evidence, provenance and all rows as one line of JSON.

    Numbers that are not finite are the words "NaN", "Infinity" and "-Infinity".
    """
    evidence = dataclasses.asdict(posterior.evidence)
    provenance = dataclasses.asdict(posterior.provenance)
    resolution = posterior.resolution
    content: dict[str, Any] = {
        "verdict": posterior.verdict.value,
        "reasons": posterior.reasons,
        "advice": posterior.advice,
        "resolution": None if resolution is None else dataclasses.asdict(resolution),
        **evidence,
        "modes": posterior.modes,
        "components": len(posterior.approximation.components),
        **{name: provenance[name] for name in ("flow", "seed", "seconds", "version")},
        **{name: provenance[name] for name in ("evaluations", "nonfinite", "interrupted")},
        "rows": [dict(zip(_HEADER, row, strict=True)) for row in _rows(summary)],
    }
    return strict_json.dump(content).decode().rstrip("\n")


def as_csv(summary: "Summary") -> str:
    """Write the rows as comma-separated values, in full precision, below a header."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_HEADER)
    writer.writerows(_rows(summary))
    return text.getvalue().rstrip("\n")


def write_columns(columns: Mapping[str, Sequence[Any]], path: Path) -> None:
    """Write columns as comma-separated values, below their names.

    Raises:
        InputError: if the file cannot be written.
    """
    with replaced(path) as fresh, fresh.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(zip(*columns.values(), strict=True))


def _rows(summary: "Summary") -> list[tuple[Any, ...]]:
    return [dataclasses.astuple(row) for row in summary.rows]
