"""``fluvial replicate``: run a notebook again, and say whether this machine says the same."""

import shlex
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fluvial.cli.common_options import Quiet
from fluvial.cli.exit_codes import ExitCode
from fluvial.cli.output import say

if TYPE_CHECKING:
    from fluvial.replication import RecordedNotebook, Replication, Tolerance
    from fluvial.replication.requirements import Requirements

__all__ = ["replicate"]


def replicate(
    notebook: Annotated[
        str,
        typer.Argument(metavar="NOTEBOOK", help="A path, or a URL copied from GitHub."),
    ],
    *,
    rtol: Annotated[
        float,
        typer.Option(metavar="X", help="Tolerance of numbers, relative to the recorded ones."),
    ] = 1e-5,
    atol: Annotated[float, typer.Option(metavar="X", help="Absolute tolerance of numbers.")] = 0.0,
    time_ratio: Annotated[
        float, typer.Option(metavar="X", help="Factor by which durations may differ.")
    ] = 5.0,
    similarity: Annotated[
        float,
        typer.Option(
            metavar="X", help="Minimum similarity of pictures, from 0 to 1, where they differ most."
        ),
    ] = 0.9,
    repeat: Annotated[
        int,
        typer.Option(
            metavar="N", min=1, help="Run it this many times, to see what varies between runs."
        ),
    ] = 1,
    timeout: Annotated[
        int, typer.Option(metavar="N", min=1, help="Maximum number of seconds per cell.")
    ] = 600,
    kernel: Annotated[
        str | None, typer.Option(metavar="NAME", help="Use this kernel, not the notebook's own.")
    ] = None,
    root: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Folder from which it may read files; by default its git repository.",
        ),
    ] = None,
    restore: Annotated[
        bool,
        typer.Option(
            "--restore", help="Also run it with the packages of its time, which uv installs."
        ),
    ] = False,
    metrics: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Metrics to judge, in YAML, TOML or JSON; by default NOTEBOOK.metrics.yaml (.yml, "
            ".toml, .json) beside it.",
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Save replication.json and other results in DIR."),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Run it without asking.")] = False,
    quiet: Quiet = False,
) -> None:
    """Run a notebook again, and say whether this machine says the same."""
    from fluvial.replication import (
        Tolerance,
        check_ready,
        declared_metrics,
        read_notebook,
    )
    from fluvial.replication import replicate as run_again
    from fluvial.replication.restore import with_restored
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
        several = f"run {run} of {repeat}" if repeat > 1 else ""
        progress.update(cell - 1, cells, several if run <= repeat else "in the recorded order")

    def run(python: Path | None, times: int) -> "Replication":
        return run_again(
            recorded,
            tolerance,
            declared,
            kernel=kernel,
            timeout=timeout,
            repeat=times,
            root=root,
            python=python,
            started=show_cell,
        )

    try:
        with _ended_in_order():
            environment = _environment(recorded, root, yes) if restore else None
            with progress, progress.stage("cells"):
                progress.update(0, cells, "its files are copied, the kernel starts")
                replication = run(None, repeat)
                if environment is not None:
                    requirements, python = environment
                    replication = with_restored(replication, run(python, 1), requirements)
    except KeyboardInterrupt:
        say("fluvial: interrupted; nothing was compared.", err=True)
        raise typer.Exit(ExitCode.INTERRUPTED) from None
    _tell(recorded, replication, tolerance, out)
    if not replication.agrees:
        raise typer.Exit(ExitCode.NEGATIVE)


def _ask(recorded: "RecordedNotebook", yes: bool) -> None:
    """Warn that a notebook is a program, and run it only if the user agrees."""
    from fluvial.errors import InputError
    from fluvial.replication.announce import announcements

    count = len(recorded.cells)
    say(
        f"{recorded.name} is a program: its {count} {'cell' if count == 1 else 'cells'} of code "
        "will be run on this machine with your rights, in a scratch copy of its repository that "
        "nothing confines it to.",
        err=True,
    )
    for sentence in announcements(recorded):
        say(sentence, err=True)
    if yes:
        return
    if not sys.stdin.isatty():
        raise InputError(
            "there is no terminal to ask on whether to run it: add --yes if you trust it."
        )
    if not typer.confirm("Run it?", err=True):
        say("fluvial: not run.", err=True)
        raise typer.Exit(ExitCode.INPUT_WRONG)


@contextmanager
def _ended_in_order() -> Iterator[None]:
    """Treat a request to terminate as Ctrl-C: end the kernel, and remove the scratch copy."""

    def interrupt(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _environment(
    recorded: "RecordedNotebook", root: Path | None, yes: bool
) -> tuple["Requirements", Path]:
    """Build the environment of the notebook's time, once the user agrees, unless it is there."""
    from fluvial.replication.requirements import requirements_of
    from fluvial.replication.restore import (
        available_python,
        built_environment,
        environment_folder,
        restored_python,
    )

    requirements = requirements_of(recorded, root)
    python = restored_python(requirements)
    if python is not None:
        return requirements, python
    of = f", as of {requirements.date}" if requirements.date else ""
    say(
        f"To restore: Python {available_python(requirements.python)} with "
        f"{', '.join(requirements.packages) or 'no packages'}{of} (from "
        f"{', '.join(requirements.sources) or 'nothing'}), in "
        f"{environment_folder(requirements)}.",
        err=True,
    )
    if not yes and not typer.confirm("Build it?", err=True):
        say("fluvial: not run.", err=True)
        raise typer.Exit(ExitCode.INPUT_WRONG)
    return requirements, built_environment(requirements)


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
