"""A replicated notebook on the terminal."""

from textwrap import fill
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

if TYPE_CHECKING:
    from fluvial.replication.notebook import CellOutcome, Difference, Recorded, Replication

__all__ = ["show_replication"]

_STYLES = {
    "IDENTICAL": "bold green",
    "WITHIN_TOLERANCE": "bold green",
    "DIFFERS": "bold red",
    "ERROR": "bold red",
    "NOT_RECORDED": "dim",
    "SAME": "bold green",
    "BETTER": "bold green",
    "WORSE": "bold red",
    "MISSING": "bold red",
}
_MOST_SHOWN = 5
_WIDTH = len("WITHIN_TOLERANCE")


def show_replication(recorded: "Recorded", replication: "Replication") -> None:
    """Print each cell's verdict with its largest differences, the metrics, and the verdict."""
    console = Console(highlight=False, markup=False, emoji=False)
    for note in recorded.notes:
        console.print(fill(note, console.width), soft_wrap=True)
    for cell in replication.cells:
        _show_cell(console, cell)
    for metric in replication.metrics:
        values = f"{_number(metric.recorded)} recorded, {_number(metric.local)} here"
        _verdict(console, f"metric {metric.name}", metric.verdict.value, values)
        console.print(f"    {metric.reason}", soft_wrap=True)
    console.print()
    verdict = replication.verdict.value
    console.print(Text.assemble("verdict: ", (verdict, _STYLES[verdict])))


def _show_cell(console: Console, cell: "CellOutcome") -> None:
    seconds = "" if cell.seconds is None else f"{cell.seconds:.1f} s"
    _verdict(console, f"cell {cell.number}", cell.verdict.value, f"{seconds:>9}  {cell.source}")
    if cell.problem:
        console.print(f"    {cell.problem}", soft_wrap=True)
    shown = [found for found in cell.differences if not found.tolerated][:_MOST_SHOWN]
    for found in shown:
        console.print(f"    {_line(found)}", soft_wrap=True)
    left_out = cell.found - len(shown)
    if shown and left_out > 0:
        differences = "difference" if left_out == 1 else "differences"
        console.print(f"    … and {left_out} more {differences}, tolerated ones included")


def _verdict(console: Console, what: str, verdict: str, rest: str) -> None:
    line = Text.assemble(f"{what:<9} ", (f"{verdict:<{_WIDTH}}", _STYLES[verdict]), f"  {rest}")
    line.truncate(console.width, overflow="ellipsis")
    console.print(line, soft_wrap=True)


def _line(found: "Difference") -> str:
    relative = "" if found.relative is None else f", {found.relative:.2g} relative"
    return (
        f"{found.place}: recorded {_quoted(found.recorded)}, here {_quoted(found.local)} "
        f"({found.reason.removesuffix('.')}{relative})"
    )


def _quoted(text: str) -> str:
    return f'"{text}"' if text else "nothing"


def _number(value: float | None) -> str:
    return "none" if value is None else f"{value:.6g}"
