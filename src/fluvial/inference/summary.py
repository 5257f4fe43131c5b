"""A posterior as a table."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float

from fluvial.inference.pool import Pool

if TYPE_CHECKING:
    from fluvial.inference.posterior import Posterior

__all__ = ["Row", "Summary", "summarize"]

_HEADER = ("", "mean", "sd", "5%", "95%", "ess")
_MAX_ROWS = 60


@dataclass(frozen=True)
class Row:
    """One scalar quantity: its name, and its moments and quantiles in the model's own units."""

    name: str
    mean: float
    sd: float
    low: float
    high: float
    ess: float

    @property
    def cells(self) -> tuple[str, ...]:
        """The row as text: the name, then numbers with three significant digits."""
        numbers = (self.mean, self.sd, self.low, self.high)
        return (self.name, *(_three_digits(number) for number in numbers), f"{self.ess:.0f}")


@dataclass(frozen=True)
class Summary:
    """A table with one row a scalar, and what holds for all of them; ``print`` it.

    Attributes:
        rows: the parameters' rows in the model's order and, where all fit in one table, those of
            the quantities derived from them.
        footer: evidence, diagnostics and verdict, a line each.
    """

    rows: tuple[Row, ...]
    footer: tuple[str, ...]

    @property
    def cells(self) -> list[tuple[str, ...]]:
        """The rows to print as text, below a header."""
        return [_HEADER, *(row.cells for row in self.rows[:_MAX_ROWS])]

    @property
    def left_out(self) -> str:
        """A line that says how many rows are not printed; empty if all are."""
        count = len(self.rows) - _MAX_ROWS
        return f"… and {count} more rows in summary().rows" if count > 0 else ""

    def __str__(self) -> str:
        lines = self.cells
        first, *others = (max(map(len, column)) for column in zip(*lines, strict=True))
        table = [
            "  ".join([line[0].ljust(first), *map(str.rjust, line[1:], others)]) for line in lines
        ]
        note = [self.left_out] if self.left_out else []
        return "\n".join([*table, *note, "", *self.footer])


def summarize(posterior: "Posterior") -> Summary:
    """Summarize a posterior's whole pool, weighted as the pool is."""
    values = posterior.constrained_pool
    if sum(int(np.prod(array.shape[1:])) for array in values.values()) > _MAX_ROWS:
        values = {name: values[name] for name in posterior.parameters}
    rows = [
        row
        for name, array in values.items()
        for row in _rows(_labels(name, array.shape[1:], posterior), array, posterior.pool)
    ]
    return Summary(tuple(rows), _footer(posterior))


def _labels(name: str, shape: tuple[int, ...], posterior: "Posterior") -> list[str]:
    """Label the elements of a variable, counted as the model's own language counts."""
    source = posterior.target.source if posterior.target else None
    first = 1 if source and source["kind"] == "stan" else 0
    if not shape:
        return [name]
    return [f"{name}[{','.join(str(i + first) for i in index)}]" for index in np.ndindex(shape)]


def _rows(labels: list[str], values: np.ndarray, pool: Pool) -> list[Row]:
    weights = np.exp(pool.log_weights)
    columns = values.reshape(pool.size, -1)
    mean = weights @ columns
    squares = (columns - mean) ** 2
    variance = weights @ squares
    numbers = (mean, np.sqrt(variance), *_quantiles(columns, weights), _ess(columns, weights, pool))
    return [Row(label, *map(float, row)) for label, *row in zip(labels, *numbers, strict=True)]


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
        return array_stats.ess(chains, chain_axis=0, draw_axis=1)
    # Variance of a self-normalized estimate: Σ w² (f − mean)² (Owen 2013, eq. 9.9).
    squares = (columns - weights @ columns) ** 2
    variance, spread = weights @ squares, weights**2 @ squares
    constant = spread == 0.0
    return np.where(constant, len(columns), variance / np.where(constant, 1.0, spread))


def _three_digits(number: float) -> str:
    return f"{number:.3g}" if abs(number) < 1e4 else f"{number:.4g}"


def _footer(posterior: "Posterior") -> tuple[str, ...]:
    e = posterior.evidence
    return (
        f"ELBO          {e.elbo:.3f} ± {e.elbo_se:.3f} nats",
        f"log evidence  {e.log_evidence:.3f} ± {e.log_evidence_se:.3f} nats",
        f"k-hat {e.khat:.2f}   ESS {e.ess:.0f}{_modes(posterior)}",
        f"seconds       {_seconds(posterior)}",
        f"evaluations   {posterior.provenance.evaluations}, "
        f"{posterior.provenance.nonfinite} of them not finite",
        "",
        f"verdict: {posterior.verdict}",
        *(f"  {reason}" for reason in posterior.reasons),
        f"  {posterior.advice}",
    )


def _modes(posterior: "Posterior") -> str:
    if len(posterior.modes) == 1:
        return ""
    return f"   modes {', '.join(f'{share:.1%}' for share in posterior.modes)}"


def _seconds(posterior: "Posterior") -> str:
    seconds = posterior.seconds
    by_stage = ", ".join(f"{stage} {s:.1f}" for stage, s in seconds.items())
    return f"{sum(seconds.values()):.1f} ({by_stage})"
