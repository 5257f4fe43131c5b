"""What a comparison of posteriors says."""

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fluvial.comparison.row import Row
from fluvial.extras import require

__all__ = ["Comparison"]

_COLUMNS = (
    ("model", lambda row: row.name),
    ("log evidence", lambda row: _with_error(row.log_evidence, row.log_evidence_se)),
    ("probability", lambda row: _with_error(row.probability, row.probability_se)),
    ("elpd (LOO)", lambda row: _with_error(row.elpd, row.elpd_se)),
    ("weight", lambda row: _number(row.stacking_weight)),
    ("prior sensitivity", lambda row: _number(row.prior_sensitivity)),
    ("verdict", lambda row: row.verdict),
)


@dataclass(frozen=True)
class Comparison:
    """Models of the same data, side by side; ``print`` it.

    Attributes:
        rows: one a model, in the order in which they were given.
        ranking: names by evidence, the best first; those that the errors do not tell apart share a
            place. Empty where evidences cannot be compared.
        refusals: why they cannot be, a sentence each.
        undecided: pairs within the error, a sentence each.
        notes: what else to know, a sentence each.
    """

    rows: tuple[Row, ...]
    ranking: tuple[tuple[str, ...], ...]
    refusals: tuple[str, ...]
    undecided: tuple[str, ...]
    notes: tuple[str, ...]

    def __str__(self) -> str:
        table = [[title for title, _ in _COLUMNS]]
        table += [[cell(row) for _, cell in _COLUMNS] for row in self.rows]
        widths = [max(map(len, column)) for column in zip(*table, strict=True)]
        lines = [
            "  ".join([c[0].ljust(widths[0]), *map(str.rjust, c[1:], widths[1:])]) for c in table
        ]
        said = [*self.refusals, *self.undecided, *self.notes]
        return "\n".join([*lines, "", f"ranking: {self._ranked()}", *(f"  {s}" for s in said)])

    def _ranked(self) -> str:
        places = [" = ".join(names) for names in self.ranking]
        return " > ".join(places) if len(places) > 1 else "none"

    def mapping(self) -> dict[str, Any]:
        """Return all of it as JSON can hold it."""
        return dataclasses.asdict(self)

    def plot(self, path: str | Path) -> Path:
        """Draw evidences and predictive densities with their errors, as PNG.

        Args:
            path: where the picture goes.

        Raises:
            InputError: if it cannot be written, or Matplotlib is not installed.
        """
        require("arviz", "the picture of a comparison", "matplotlib")
        from fluvial.comparison.picture import picture

        return picture(self.rows, Path(path))


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _with_error(value: float | None, se: float | None) -> str:
    if value is None or se is None:
        return _number(value)
    digits = 3 if se < 0.1 else 2
    return f"{value:z.{digits}f} ± {se:.{digits}f}"
