"""The command line; ``fluvial --help`` lists its commands."""

import sys
from collections.abc import Sequence

from fluvial.cli.exit_codes import ExitCode

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and leave the process with its exit code.

    Args:
        arguments: those after the command's name; by default the process's own.
    """
    try:
        from fluvial.cli.app import run

        code = run(arguments)
    except KeyboardInterrupt:  # while the commands themselves were imported
        sys.stderr.write("fluvial: interrupted.\n")
        code = ExitCode.INTERRUPTED
    sys.exit(code)
