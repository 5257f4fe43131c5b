"""The ``fluvial`` command: its subcommands, and what its exit codes mean.

=====  ====================================================================================
 code  meaning
=====  ====================================================================================
    0  done
    1  the input was wrong: one sentence says what
    2  wrong usage of the command line
    3  done, but the verdict is FAILED, a claim is NOT_REPRODUCED, or a notebook differs
  130  interrupted before there was anything to show
=====  ====================================================================================
"""

import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from fluvial._version import __version__
from fluvial.cli.fit import fit
from fluvial.cli.replicate import replicate
from fluvial.cli.report import report
from fluvial.cli.reproduce import reproduce
from fluvial.cli.train import train
from fluvial.errors import InputError

__all__ = ["main"]

_INPUT_WRONG = 1

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
    try:
        _app(args=arguments, prog_name="fluvial")
    except InputError as error:
        sys.stderr.write(f"fluvial: {error}\n")
        sys.exit(_INPUT_WRONG)


def _print_version(wanted: bool | None) -> None:
    if wanted:
        typer.echo(f"fluvial {__version__}")
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
_app.command()(train)
_app.command()(reproduce)
_app.command()(replicate)
_app.command()(report)
