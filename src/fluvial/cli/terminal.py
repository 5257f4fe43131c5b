"""A posterior on the terminal."""

from textwrap import fill, indent
from typing import TYPE_CHECKING

from rich.text import Text

from fluvial.cli.output import console as make_console

if TYPE_CHECKING:
    from fluvial.inference import Posterior

__all__ = ["show"]

_STYLES = {
    "GOOD": "bold green",
    "USE_WEIGHTS": "bold cyan",
    "USE_MCMC": "bold yellow",
    "FAILED": "bold red",
}


def show(posterior: "Posterior") -> None:
    """Print a posterior's table, evidence, diagnostics, seconds and verdict to stdout."""
    console = make_console()
    summary = posterior.summary()
    header, *lines = summary.table
    console.print(Text(header, style="bold"), soft_wrap=True)
    for line in [*lines, "", *summary.facts, ""]:
        console.print(line, soft_wrap=True)
    verdict = summary.judgment.verdict.value
    console.print(Text.assemble("verdict: ", (verdict, _STYLES[verdict])))
    for sentence in (*summary.judgment.reasons, summary.judgment.advice):
        console.print(indent(fill(sentence, console.width - 2), "  "), soft_wrap=True)
