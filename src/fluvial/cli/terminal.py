"""A posterior on the terminal."""

from textwrap import fill, indent
from typing import TYPE_CHECKING

from rich.text import Text

from fluvial.cli.output import console as make_console

if TYPE_CHECKING:
    from rich.console import Console

    from fluvial.posterior.summary import Summary

__all__ = ["show_summary"]

_STYLES = {
    "GOOD": "bold green",
    "USE_WEIGHTS": "bold cyan",
    "USE_MCMC": "bold yellow",
    "FAILED": "bold red",
}
_LEAST_ROWS = 20
_FACT = 14  # columns before what a fact says
_ROWS_OF_A_FILE = 60  # where nobody looks at a screen


def show_summary(summary: "Summary", *, every: bool) -> None:
    """Print a posterior's table, evidence, diagnostics, seconds and verdict to stdout.

    On a terminal the table has no more rows than the screen and is no wider than it.

    Args:
        summary: of the posterior.
        every: show all rows, on any screen.
    """
    console = make_console()
    most = None if every else _most_rows(console)
    header, *lines = summary.lines(most, console.width if console.is_terminal else None)
    console.print(Text(header, style="bold"), soft_wrap=True)
    facts = [_hanging(fact, console) for fact in summary.facts]
    for line in [*lines, *_left_out(summary, most), "", *facts, ""]:
        console.print(line, soft_wrap=True)
    verdict = summary.judgment.verdict.value
    console.print(Text.assemble("verdict: ", (verdict, _STYLES[verdict])))
    for sentence in (*summary.judgment.reasons, summary.judgment.advice):
        console.print(indent(fill(sentence, console.width - 2), "  "), soft_wrap=True)


def _hanging(fact: str, console: "Console") -> str:
    """Wrap a line of facts to the terminal, below its first word; as it is for programs."""
    if not console.is_terminal:
        return fact
    return fill(fact, console.width, subsequent_indent=" " * _FACT)


def _most_rows(console: "Console") -> int:
    if not console.is_terminal:
        return _ROWS_OF_A_FILE
    return max(_LEAST_ROWS, console.height - 4)


def _left_out(summary: "Summary", most: int | None) -> list[str]:
    """Say which rows are not shown, and how to see them."""
    lines = []
    count = 0 if most is None else len(summary.rows) - most
    if count > 0:
        rows = "row" if count == 1 else "rows"
        lines.append(f"… and {count} more {rows}: --all shows them, --vars REGEX some of them")
    if summary.left_out:
        names = ", ".join(summary.left_out[:5]) + (", …" if summary.left_out[5:] else "")
        lines.append(f"not shown, since derived: {names}; --vars '{summary.left_out[0]}' asks")
    return lines
