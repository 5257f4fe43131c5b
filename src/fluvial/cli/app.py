"""The ``fluvial`` command and its subcommands; ``exit_codes`` says what its exit codes mean."""

import os
import sys
from collections.abc import Sequence
from typing import Annotated, NoReturn

import typer

from fluvial._version import __version__
from fluvial.cli.calibrate import calibrate
from fluvial.cli.compare import compare
from fluvial.cli.exit_codes import ExitCode
from fluvial.cli.fit import fit
from fluvial.cli.output import lasting_output, say
from fluvial.cli.replicate import replicate
from fluvial.cli.report import report
from fluvial.cli.reproduce import reproduce
from fluvial.cli.train import train
from fluvial.errors import InputError, LostProcessError

__all__ = ["main"]

_app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,  # a bug shows Python's own traceback
    rich_markup_mode=None,  # rich takes longer to import than all the rest of --help
)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and leave the process with its exit code.

    Args:
        arguments: those after the command's name; by default the process's own.
    """
    code = ExitCode.DONE
    try:
        with lasting_output():
            code = _run(arguments)
    except OSError as error:
        sys.stderr.write(f"fluvial: what was to be printed could not be: {error.strerror}.\n")
        code = code or ExitCode.INPUT_WRONG
    sys.exit(code)


def _run(arguments: Sequence[str] | None) -> int:
    try:
        _app(args=arguments, prog_name="fluvial")
    except LostProcessError as error:
        sys.stderr.write(f"fluvial: {error}\n")
        _leave(ExitCode.INPUT_WRONG)
    except InputError as error:
        sys.stderr.write(f"fluvial: {error}\n")
        return ExitCode.INPUT_WRONG
    except SystemExit as leaving:
        return leaving.code if isinstance(leaving.code, int) else ExitCode.DONE
    return ExitCode.DONE


def _leave(code: int) -> NoReturn:
    """Leave at once: JAX's own way out waits minutes for a process that is gone, then aborts."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _print_version(wanted: bool | None) -> None:
    if wanted:
        say(f"fluvial {__version__}")
        raise typer.Exit


@_app.callback()
def _fluvial(
    version: Annotated[
        bool | None,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Say the version."),
    ] = None,
) -> None:
    """Variational inference with normalizing flows: a model in, a checked posterior out."""


_app.command()(fit)
_app.command()(compare)
_app.command()(train)
_app.command()(calibrate)
_app.command()(reproduce)
_app.command()(replicate)
_app.command()(report)
