"""A replicated notebook on the terminal."""

from textwrap import fill
from typing import TYPE_CHECKING

from rich.text import Text

from fluvial.cli.output import console as make_console
from fluvial.cli.output import harmless

if TYPE_CHECKING:
    from rich.console import Console

    from fluvial.replication import (
        CellOutcome,
        Difference,
        MetricOutcome,
        RecordedNotebook,
        Replication,
        Variation,
    )

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
_MOST_SHOWN, _MOST_VARYING = 5, 3
_LONGEST_LABEL = len("metric ") + 24
_WIDTH = len("WITHIN_TOLERANCE")
_INDENT = " " * 4


def show_replication(recorded: "RecordedNotebook", replication: "Replication") -> None:
    """Print a summary, each cell's verdict and largest differences, the metrics, and the verdict.

    What varies between local runs is dimmed, so that it is not mistaken for a difference.
    """
    from fluvial.replication.review import summary

    console = make_console()
    for line in (*summary(recorded, replication), *recorded.notes):
        console.print(fill(harmless(line), console.width), soft_wrap=True)
    console.print()
    cells = [f"cell {cell.number}" for cell in replication.cells]
    metrics = [f"metric {harmless(metric.name)}" for metric in replication.metrics]
    width = min(max(map(len, [*cells, *metrics])), _LONGEST_LABEL)
    for label, cell in zip(cells, replication.cells, strict=True):
        _show_cell(console, _fitted(label, width), cell)
    for label, metric in zip(metrics, replication.metrics, strict=True):
        _show_metric(console, _fitted(label, width), metric)
    console.print()
    if len(replication.runs) > 1:
        console.print(_repeats(replication), style="dim", soft_wrap=True)
    verdict = replication.verdict.value
    console.print(Text.assemble("verdict: ", (verdict, _STYLES[verdict])))


def _show_cell(console: "Console", label: str, cell: "CellOutcome") -> None:
    seconds = "" if cell.seconds is None else f"{cell.seconds:.1f} s"
    line = _verdict(label, cell.verdict.value, f"{seconds:>9}  {harmless(cell.source)}")
    line.truncate(console.width, overflow="ellipsis")
    console.print(line, soft_wrap=True)
    if cell.after is not None:
        _show_below(console, f"a consequence of the error in cell {cell.after}")
    if cell.problem:
        _show_below(console, harmless(cell.problem))
    shown = [found for found in cell.differences if not found.tolerated][:_MOST_SHOWN]
    for found in shown:
        _show_below(console, _line(found))
    left_out = cell.found - len(shown)
    if shown and left_out > 0:
        differences = "difference" if left_out == 1 else "differences"
        _show_below(console, f"… and {left_out} more {differences}, tolerated ones included")
    for varying in cell.varying[:_MOST_VARYING]:
        _show_below(console, f"varies by itself: {_varying(varying)}", style="dim")
    if (left_out := len(cell.varying) - _MOST_VARYING) > 0:
        places = "place" if left_out == 1 else "places"
        _show_below(console, f"… and at {left_out} more {places}", style="dim")


def _show_below(console: "Console", text: str, style: str = "") -> None:
    """Print what is said of a cell below its line, wrapped to a terminal."""
    line = f"{_INDENT}{text}"
    if console.is_terminal:
        line = fill(line, console.width, subsequent_indent=_INDENT, break_on_hyphens=False)
    console.print(line, style=style, soft_wrap=True)


def _show_metric(console: "Console", label: str, metric: "MetricOutcome") -> None:
    runs = ", ".join(map(_number, metric.runs))
    median = f" (the median of {runs})" if len(set(metric.runs)) > 1 else ""
    values = f"{_number(metric.recorded)} recorded, {_number(metric.local)} here{median}"
    console.print(_verdict(label, metric.verdict.value, values), soft_wrap=True)
    _show_below(console, harmless(metric.reason))


def _verdict(label: str, verdict: str, rest: str) -> Text:
    return Text.assemble(f"{label}  ", (f"{verdict:<{_WIDTH}}", _STYLES[verdict]), f"  {rest}")


def _fitted(label: str, width: int) -> str:
    return f"{label:<{width}}" if len(label) <= width else f"{label[: width - 1]}…"


def _line(found: "Difference") -> str:
    relative = "" if found.relative is None else f", {found.relative:.2g} relative"
    return harmless(
        f"{found.place}: recorded {_quoted(found.recorded)}, here {_quoted(found.local)} "
        f"({found.reason.removesuffix('.')}{relative})"
        f"{'' if found.cause is None else f', cause: {found.cause.value}'}"
    )


def _varying(varying: "Variation") -> str:
    return harmless(_varying_text(varying))


def _varying_text(varying: "Variation") -> str:
    if varying.kind == "image":
        return f"{varying.place}: another picture"
    if varying.kind != "number" or "" in varying.values:
        return f"{varying.place}: {', '.join(map(_quoted, varying.values))}"
    short = [_number(float(value)) if _is_plain(value) else value for value in varying.values]
    distinct = len(set(short)) == len(set(varying.values))
    return f"{varying.place}: {', '.join(short if distinct else varying.values)}"


def _is_plain(text: str) -> bool:
    """Whether Python can read a number as it is written, without a percent sign or the like."""
    try:
        float(text)
    except ValueError:
        return False
    return True


def _repeats(replication: "Replication") -> str:
    cells = [str(cell.number) for cell in replication.cells if cell.varying]
    if not cells:
        varies = "nothing varies by itself"
    elif len(cells) == 1:
        varies = f"cell {cells[0]} varies by itself"
    else:
        varies = f"cells {', '.join(cells)} vary by themselves"
    return f"{len(replication.runs)} local runs: {varies}"


def _quoted(text: str) -> str:
    return f'"{text}"' if text else "nothing"


def _number(value: float | None) -> str:
    return "none" if value is None else f"{value:.6g}"
