"""The ``fluvial`` command and its subcommands; ``exit_codes`` says what its exit codes mean."""

import logging
import os
import sys
import traceback
import warnings
from collections.abc import Sequence
from typing import Annotated, NoReturn

import typer

from fluvial._version import __version__
from fluvial.cli.calibrate import calibrate
from fluvial.cli.compare import compare
from fluvial.cli.encode import encode
from fluvial.cli.exit_codes import ExitCode
from fluvial.cli.fit import fit
from fluvial.cli.leaving import INTERRUPTED
from fluvial.cli.output import lasting_output, say, write
from fluvial.cli.replicate import replicate
from fluvial.cli.report import report
from fluvial.cli.reproduce import reproduce
from fluvial.cli.sample import sample
from fluvial.cli.show import show
from fluvial.cli.train import train
from fluvial.errors import InputError, LostProcessError

__all__ = ["run"]

_app = typer.Typer(
    context_settings={"help_option_names": ["-h", "--help"]},
    no_args_is_help=True,
    pretty_exceptions_enable=False,  # a bug shows Python's own traceback
    rich_markup_mode=None,  # rich takes longer to import than all the rest of --help
)


def run(arguments: Sequence[str] | None) -> int:
    """Run the command line and return its exit code.

    Args:
        arguments: those after the command's name; None for the process's own.
    """
    code = ExitCode.DONE
    try:
        with lasting_output():
            code = _run(arguments)
    except OSError as error:
        sys.stderr.write(f"fluvial: the output could not be written: {error.strerror}.\n")
        code = code or ExitCode.INPUT_WRONG
    return code


def _run(arguments: Sequence[str] | None) -> int:
    level = logging.root.level
    try:
        with warnings.catch_warnings():
            # ArviZ, which PyMC imports, announces its own future once a day.
            warnings.filterwarnings("ignore", category=FutureWarning, module="arviz")
            # JAX, where a model's file makes a pool whose processes call its function alone.
            warnings.filterwarnings("ignore", message=r"os\.fork\(\) was called")
            _app(args=arguments, prog_name="fluvial")
    except LostProcessError as error:
        say(f"fluvial: {error}", err=True)
        _leave(ExitCode.INPUT_WRONG)
    except InputError as error:
        if logging.root.level == logging.INFO != level:
            write("".join(traceback.format_exception(error)).rstrip(), err=True)
        say(f"fluvial: {error}", err=True)
        return ExitCode.INPUT_WRONG
    except SystemExit as leaving:
        # Typer leaves so, without a word, where no command has expected Ctrl-C.
        if isinstance(getattr(leaving.__context__, "__cause__", None), KeyboardInterrupt):
            say(INTERRUPTED, err=True)
        return leaving.code if isinstance(leaving.code, int) else ExitCode.DONE
    finally:
        logging.root.setLevel(level)
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
    *,
    verbose: Annotated[
        bool,
        typer.Option(
            "--verbose", "-v", help="Log progress to stderr, and show where an error came from."
        ),
    ] = False,
    version: Annotated[
        bool | None,
        typer.Option(
            "--version",
            "-V",
            callback=_print_version,
            is_eager=True,
            help="Print the version and exit.",
        ),
    ] = None,
) -> None:
    """Variational inference with normalizing flows: a model in, a checked posterior out."""
    if verbose:
        logging.basicConfig(stream=sys.stderr)
        logging.root.setLevel(logging.INFO)


# The list of commands cuts what is longer than a line: such ones have a shorter sentence for it.
_app.command()(fit)
_app.command()(show)
_app.command()(compare)
_app.command(short_help="Check by simulation that a model's posteriors are calibrated.")(calibrate)
_app.command(short_help="Train a model of images, with amortized flow posteriors.")(train)
_app.command(short_help="Draw new images from a trained model.")(sample)
_app.command(short_help="Write the latent vectors of images.")(encode)
_app.command()(reproduce)
_app.command(short_help="Run a notebook again, and compare what it says.")(replicate)
_app.command(short_help="Make one HTML page of a folder of results.")(report)
