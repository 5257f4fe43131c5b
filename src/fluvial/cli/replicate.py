"""``fluvial replicate``: run a notebook again, and say whether this machine says the same."""

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fluvial.cli.exit_codes import ExitCode
from fluvial.cli.output import say

if TYPE_CHECKING:
    from fluvial.replication import RecordedNotebook, Replication, Tolerance

__all__ = ["replicate"]


def replicate(
    notebook: Annotated[
        str,
        typer.Argument(metavar="NOTEBOOK", help="A path, or a URL as copied from GitHub's page."),
    ],
    *,
    rtol: Annotated[float, typer.Option(help="Of numbers, relative to the recorded ones.")] = 1e-5,
    atol: Annotated[float, typer.Option(help="Of numbers, absolute.")] = 0.0,
    time_ratio: Annotated[
        float, typer.Option(help="How many times longer or shorter a duration may be.")
    ] = 5.0,
    similarity: Annotated[
        float, typer.Option(help="Least similarity of pictures where most unlike, from 0 to 1.")
    ] = 0.9,
    repeat: Annotated[
        int, typer.Option(min=1, help="Run it so many times, to see what varies by itself.")
    ] = 1,
    timeout: Annotated[int, typer.Option(min=1, help="Most seconds a cell may take.")] = 600,
    kernel: Annotated[
        str | None, typer.Option(metavar="NAME", help="Use this kernel, not the notebook's own.")
    ] = None,
    metrics: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Metrics to judge, in YAML, TOML or JSON; by default NOTEBOOK.metrics.yaml (.yml, "
            ".toml, .json) beside it.",
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Save replication.json and more there.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Run it without asking.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")] = False,
) -> None:
    """Run a notebook again, and say whether this machine says the same."""
    from fluvial.replication import (
        Tolerance,
        check_ready,
        declared_metrics,
        read_notebook,
    )
    from fluvial.replication import replicate as run_again
    from fluvial.storage.folder import check_folder

    tolerance = Tolerance(rtol, atol, time_ratio, similarity)
    if out is not None:
        check_folder(out, "replication")
    recorded = read_notebook(notebook)
    declared = declared_metrics(recorded, metrics)
    check_ready(recorded, kernel)
    _ask(recorded, yes)
    from fluvial.progress import Progress

    progress, cells = Progress(shown=not quiet), len(recorded.cells)

    def show_cell(run: int, cell: int) -> None:
        progress.update(cell - 1, cells, f"run {run} of {repeat}" if repeat > 1 else "")

    try:
        with progress, progress.stage("cells"):
            replication = run_again(
                recorded,
                tolerance,
                declared,
                kernel=kernel,
                timeout=timeout,
                repeat=repeat,
                started=show_cell,
            )
    except KeyboardInterrupt:
        say("fluvial: interrupted; nothing was compared.", err=True)
        raise typer.Exit(ExitCode.INTERRUPTED) from None
    _tell(recorded, replication, tolerance, out)
    if not replication.agrees:
        raise typer.Exit(ExitCode.NEGATIVE)


def _ask(recorded: "RecordedNotebook", yes: bool) -> None:
    """Say that a notebook is a program, and run it only if the user agrees."""
    from fluvial.errors import InputError

    count = len(recorded.cells)
    say(
        f"{recorded.name} is a program: its {count} {'cell' if count == 1 else 'cells'} of code "
        "will be run on this machine with your rights, in a scratch copy of its folder that "
        "nothing confines it to.",
        err=True,
    )
    if yes:
        return
    if not sys.stdin.isatty():
        raise InputError(
            "there is no terminal to ask on whether to run it: add --yes if you trust it."
        )
    if not typer.confirm("Run it?", err=True):
        say("fluvial: not run.", err=True)
        raise typer.Exit(ExitCode.INPUT_WRONG)


def _tell(
    recorded: "RecordedNotebook",
    replication: "Replication",
    tolerance: "Tolerance",
    out: Path | None,
) -> None:
    from fluvial.cli.replication_table import show_replication
    from fluvial.replication import save_replication

    # As it was typed: options decide what was compared and how.
    command = shlex.join(["fluvial", *sys.argv[1:]])
    try:
        if out is not None:
            save_replication(out, recorded, replication, tolerance, command)
    finally:  # what could not be saved is shown at least
        show_replication(recorded, replication)
    if out is not None:
        say(f"saved in {out}: replication.json, executed.ipynb")
