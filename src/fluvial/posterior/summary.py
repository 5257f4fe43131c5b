"""A posterior as a table."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from fluvial.errors import InputError
from fluvial.posterior.judgment import Judgment
from fluvial.posterior.labels import scalars
from fluvial.posterior.pool import Pool
from fluvial.posterior.rounding import rounded
from fluvial.targets import Annotations

__all__ = ["Summary", "SummaryRow", "check_names", "matching", "summarize"]

_HEADER = ("", "mean", "sd", "5%", "95%", "ess")
_MAX_ROWS = 60
_GAP = 2
_LEAST_NAME = 12  # columns; where no more are left for the names, the quantiles go
_HALF_WIDTH = 1.645  # of 90 % of a normal distribution, in sd


@dataclass(frozen=True)
class SummaryRow:
    """One scalar quantity: its name, and its moments and quantiles in the model's own units."""

    name: str
    mean: float
    sd: float
    low: float
    high: float
    ess: float

    @property
    def cells(self) -> tuple[str, ...]:
        """The row as text: the name, then numbers to the place that the sd supports.

        Where a few distant draws dominate the sd, half the width of the middle 90 % decides.
        """
        half = (self.high - self.low) / (2.0 * _HALF_WIDTH)
        spread = half if 0.0 < half < self.sd else self.sd
        numbers = (self.mean, self.sd, self.low, self.high)
        return (self.name, *(rounded(number, spread) for number in numbers), f"{self.ess:.0f}")


@dataclass(frozen=True)
class Summary:
    """A table with one row for each scalar, and the facts that hold for all of them; ``print`` it.

    Attributes:
        rows: the parameters' rows in the model's order and, where all fit in one table or they
            were asked for, those of the quantities derived from them.
        facts: evidence, diagnostics and seconds, a line each.
        judgment: the verdict, its reasons, and the next thing to do.
        left_out: the names of derived quantities that have no rows.
    """

    rows: tuple[SummaryRow, ...]
    facts: tuple[str, ...]
    judgment: Judgment
    left_out: tuple[str, ...] = ()

    @property
    def table(self) -> list[str]:
        """The rows as aligned lines of text, below a header; the first 60 of them."""
        lines = self.lines(_MAX_ROWS)
        left_out = len(self.rows) - _MAX_ROWS
        if left_out > 0:
            lines.append(f"… and {left_out} more rows in posterior.summary().rows")
        return lines

    def lines(self, most: int | None = None, width: int | None = None) -> list[str]:
        """The header and the first rows as aligned lines of text.

        Args:
            most: rows; None for all.
            width: columns that there are: names that are too long lose their middle, and where
                even that is not enough, the quantiles are left out. None for as many as it takes.
        """
        cells = [_HEADER, *(row.cells for row in self.rows[:most])]
        sizes = _sizes(cells)
        if width is not None and width - sum(sizes[1:]) - _GAP * (len(sizes) - 1) < min(
            sizes[0], _LEAST_NAME
        ):
            cells = [(*c[:3], c[-1]) for c in cells]
            sizes = _sizes(cells)
        first, *others = sizes
        if width is not None:
            first = min(first, max(_LEAST_NAME, width - sum(others) - _GAP * len(others)))
        gap = " " * _GAP
        return [gap.join([_cut(c[0], first), *map(str.rjust, c[1:], others)]) for c in cells]

    def __str__(self) -> str:
        verdict = [f"verdict: {self.judgment.verdict}"]
        verdict += [f"  {line}" for line in (*self.judgment.reasons, self.judgment.advice)]
        return "\n".join([*self.table, "", *self.facts, "", *verdict])


def _sizes(cells: list[tuple[str, ...]]) -> list[int]:
    return [max(map(len, column)) for column in zip(*cells, strict=True)]


def _cut(name: str, width: int) -> str:
    """Pad a name, or leave out its middle: its end holds the index.

    Example:
        >>> _cut("concentration[12]", 12), _cut("mu", 4)
        ('conce…on[12]', 'mu  ')
    """
    if len(name) <= width:
        return name.ljust(width)
    tail = width // 2
    return f"{name[: width - tail - 1]}…{name[-tail:]}"


def summarize(
    values: dict[str, np.ndarray],
    pool: Pool,
    *,
    parameters: tuple[str, ...],
    annotations: Annotations,
    origin: int,
    facts: tuple[str, ...],
    judgment: Judgment,
    names: str | None = None,
    derived: bool | None = None,
) -> Summary:
    """Summarize a whole pool, weighted as the pool is.

    Args:
        values: the model's own space at the pool's points: name -> (S, *shape).
        pool: the points and their weights.
        parameters: the names among ``values`` that get rows where not all can.
        annotations: coordinates of axes.
        origin: the number of the first element of an axis that is counted.
        facts: see ``Summary``.
        judgment: see ``Summary``.
        names: a regular expression: only scalars in whose name it is found have rows.
        derived: whether derived quantities have rows; by default if at most 60 rows result, or
            ``names`` asks for them.

    Raises:
        InputError: if ``names`` is not a regular expression, or matches nothing.
    """
    shown = values
    if derived is None:
        count = sum(math.prod(array.shape[1:]) for array in values.values())
        derived = names is not None or count <= _MAX_ROWS
    if not derived:
        shown = {name: values[name] for name in parameters}
    columns = scalars(shown, origin, annotations)
    if names is not None:
        columns = matching(columns, names)
    rows = _rows(list(columns), np.stack(list(columns.values()), axis=1), pool)
    left_out = tuple(name for name in values if name not in shown)
    return Summary(tuple(rows), facts, judgment, left_out)


def matching(columns: Mapping[str, np.ndarray], names: str) -> dict[str, np.ndarray]:
    r"""Return the columns in whose name a regular expression is found.

    Raises:
        InputError: if it is not a regular expression, or found in none.

    Example:
        >>> list(matching({"mu": np.zeros(1), "theta[1]": np.zeros(1)}, r"theta\["))
        ['theta[1]']
    """
    pattern = check_names(names)
    found = {name: column for name, column in columns.items() if pattern.search(name)}
    if not found:
        known = list(columns)
        more = f" and {len(known) - 5} more" if len(known) > 5 else ""
        raise InputError(f"no name matches {names!r}: known are {', '.join(known[:5])}{more}.")
    return found


def check_names(names: str) -> re.Pattern[str]:
    """Compile a regular expression.

    Raises:
        InputError: if it is not one.
    """
    try:
        return re.compile(names)
    except re.error as error:
        raise InputError(f"{names!r} is not a regular expression: {error}.") from error


def _rows(names: list[str], columns: Float[np.ndarray, "S K"], pool: Pool) -> list[SummaryRow]:
    weights = np.exp(pool.log_weights)
    columns = np.where(weights[:, None] > 0.0, columns, 0.0)  # such draws may be infinite
    mean = weights @ columns
    squares = (columns - mean) ** 2
    variance = weights @ squares
    numbers = (mean, np.sqrt(variance), *_quantiles(columns, weights), _ess(columns, weights, pool))
    return [SummaryRow(name, *map(float, row)) for name, *row in zip(names, *numbers, strict=True)]


def _quantiles(columns: Float[np.ndarray, "S K"], weights: Float[np.ndarray, " S"]):
    """Return the weighted 5 % and 95 % quantiles of each column."""
    order = np.argsort(columns, axis=0)
    cumulative = np.cumsum(weights[order], axis=0)
    for p in (0.05, 0.95):
        place = np.sum(cumulative < p * cumulative[-1], axis=0)
        at = np.take_along_axis(order, place[None], axis=0)
        yield np.take_along_axis(columns, at, axis=0)[0]


def _ess(columns: Float[np.ndarray, "S K"], weights: Float[np.ndarray, " S"], pool: Pool):
    if pool.chains > 1:
        from arviz_stats.base.array import array_stats

        chains = columns.reshape(pool.chains, -1, columns.shape[1])
        # Antithetic draws would be worth more than their number, which is not credible.
        return np.minimum(array_stats.ess(chains, chain_axis=0, draw_axis=1), len(columns))
    # Variance of a self-normalized estimate: Σ w² (f − mean)² (Owen 2013, eq. 9.9).
    squares = (columns - weights @ columns) ** 2
    variance, spread = weights @ squares, weights**2 @ squares
    constant = spread == 0.0
    ess = np.where(constant, len(columns), variance / np.where(constant, 1.0, spread))
    return np.minimum(ess, len(columns))
