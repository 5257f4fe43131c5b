"""Judged claims on the terminal."""

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from fluvial.cli.output import console as make_console

if TYPE_CHECKING:
    from fluvial.reproduction import JudgedClaim

__all__ = ["show_claims"]

_STYLES = {
    "REPRODUCED": "bold green",
    "NOT_REPRODUCED": "bold red",
    "INCONCLUSIVE": "bold yellow",
}


def show_claims(judged: "Mapping[str, Sequence[JudgedClaim]]") -> None:
    """Print a table of claims to stdout: what was published, what was measured, the verdict.

    Args:
        judged: study's name -> its claims.
    """
    console = make_console()
    table = Table(show_lines=True)
    table.add_column("claim", ratio=3)
    table.add_column("published", ratio=1)
    table.add_column("measured", ratio=1)
    table.add_column("verdict", no_wrap=True)
    for study, claims in judged.items():
        for claim in claims:
            verdict = claim.judgment.value
            table.add_row(
                f"{study}: {claim.claim.statement}",
                claim.claim.published or "-",
                _measured(claim),
                Text(verdict, style=_STYLES[verdict]),
            )
    if table.row_count:
        console.print(table)


def _measured(claim: "JudgedClaim") -> str:
    if math.isnan(claim.measured):
        return "-"
    spread = "" if math.isnan(claim.spread) else f" ± {claim.spread:.2g}"
    unit = f" {claim.claim.unit}" if claim.claim.unit else ""
    return f"{claim.measured:.4g}{spread}{unit} (n = {claim.seeds})"
