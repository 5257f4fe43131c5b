"""The command line; ``fluvial --help`` lists its commands."""

import sys
from collections.abc import Sequence

from fluvial.cli.importing import importing

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and leave the process with its exit code.

    Args:
        arguments: those after the command's name; by default the process's own.
    """
    with importing():
        from fluvial.cli.app import run
    sys.exit(run(arguments))
