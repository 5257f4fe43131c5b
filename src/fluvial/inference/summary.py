"""A posterior as a table."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float

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


@dataclass(frozen=True)
class Summary:
    """A table with one row a scalar, and what holds for all of them; ``print`` it.

    Attributes:
        rows: the parameters' rows, in the model's order.
        footer: evidence, diagnostics and verdict, a line each.
    """

    rows: tuple[Row, ...]
    footer: tuple[str, ...]

    def __str__(self) -> str:
        lines = [_HEADER] + [_cells(row) for row in self.rows[:_MAX_ROWS]]
        widths = [max(len(line[i]) for line in lines) for i in range(len(_HEADER))]
        table = [
            "  ".join(
                [line[0].ljust(widths[0])] + [c.rjust(w) for c, w in zip(line[1:], widths[1:])]
            )
            for line in lines
        ]
        if len(self.rows) > _MAX_ROWS:
            table.append(f"… and {len(self.rows) - _MAX_ROWS} more rows in summary().rows")
        return "\n".join([*table, "", *self.footer])


def _cells(row: Row) -> tuple[str, ...]:
    numbers = (
        f"{v:.3g}" if abs(v) < 1e4 else f"{v:.4g}" for v in (row.mean, row.sd, row.low, row.high)
    )
    return (row.name, *numbers, f"{row.ess:.0f}")


def summarize(
    draws: dict[str, np.ndarray], names: tuple[str, ...], posterior: "Posterior"
) -> Summary:
    """Summarize the named variables of a posterior's whole pool, weighted as the pool is."""
    weights = np.exp(posterior.pool.log_weights)
    rows = []
    for name in names:
        values = draws[name]
        for index in np.ndindex(values.shape[1:]):
            label = f"{name}[{','.join(str(i + 1) for i in index)}]" if index else name
            rows.append(_row(label, values[(slice(None), *index)], weights, posterior.pool.chains))
    return Summary(tuple(rows), _footer(posterior))


def _row(name: str, values: Float[np.ndarray, " S"], weights: np.ndarray, chains: int) -> Row:
    mean = float(weights @ values)
    squares = (values - mean) ** 2
    variance = float(weights @ squares)
    order = np.argsort(values)
    cumulative = np.cumsum(weights[order])
    low, high = (
        float(values[order[min(np.searchsorted(cumulative, p * cumulative[-1]), len(order) - 1)]])
        for p in (0.05, 0.95)
    )
    if chains > 1:
        from arviz_stats.base import array_stats

        ess = float(array_stats.ess(values.reshape(chains, -1), chain_axis=0, draw_axis=1))
    else:
        # Variance of a self-normalized estimate: Σ w² (f − mean)² (Owen 2013, eq. 9.9).
        spread = float(weights**2 @ squares)
        ess = variance / spread if spread > 0 else float(len(values))
    return Row(name, mean, float(np.sqrt(variance)), low, high, ess)


def _footer(posterior: "Posterior") -> tuple[str, ...]:
    e = posterior.evidence
    seconds = ", ".join(f"{stage} {s:.1f}" for stage, s in posterior.seconds.items())
    total = sum(posterior.seconds.values())
    modes = "" if len(posterior.modes) == 1 else f"   modes {np.round(posterior.modes, 3).tolist()}"
    return (
        f"ELBO          {e.elbo:.3f} ± {e.elbo_se:.3f} nats",
        f"log evidence  {e.log_evidence:.3f} ± {e.log_evidence_se:.3f} nats",
        f"k-hat {e.khat:.2f}   ESS {e.ess:.0f}{modes}",
        f"seconds       {total:.1f} ({seconds})",
        f"evaluations   {posterior.provenance.evaluations}, "
        f"{posterior.provenance.nonfinite} of them not finite",
        "",
        f"verdict: {posterior.verdict}",
        *(f"  {reason}" for reason in posterior.reasons),
        f"  {posterior.advice}",
    )
