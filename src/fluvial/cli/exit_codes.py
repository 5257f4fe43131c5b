"""The exit codes of the ``fluvial`` command.

Results are saved before anything is printed. A reader of stdout that stops early, such as ``head``,
changes neither what is saved nor the exit code.
"""

from enum import IntEnum

__all__ = ["ExitCode"]


class ExitCode(IntEnum):
    """What an exit code of the command line means.

    Example:
        >>> int(ExitCode.NEGATIVE)
        3
    """

    DONE = 0
    INPUT_WRONG = 1
    """The input was wrong, or stdout could not be written: one sentence says what."""
    USAGE_WRONG = 2
    """Wrong usage of the command line; Typer says what, and leaves with this code itself."""
    NEGATIVE = 3
    """Done, but the verdict is FAILED, a claim is NOT_REPRODUCED, or a notebook differs."""
    INTERRUPTED = 130
    """Interrupted before it was done; as shells have it, 128 and the number of SIGINT."""
