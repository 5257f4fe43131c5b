"""The exceptions that fluvial raises on purpose, and how others are put into their sentences."""

import difflib
import subprocess
from collections.abc import Iterable

__all__ = ["InputError", "LostProcessError", "described", "first_line", "nearest"]


class InputError(ValueError):
    """Something the user gave is wrong.

    The message is one sentence that names what was wrong, where, and what to do. The command
    line prints it without a traceback and leaves with exit code 1.

    Example:
        >>> raise InputError("--steps is 0: give a number of at least 1.")
        Traceback (most recent call last):
        ...
        fluvial.errors.InputError: --steps is 0: give a number of at least 1.
    """


class LostProcessError(InputError):
    """Another process, of several that compute together, has stopped."""


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name that a misspelled one is near to, in whatever case; None if none is.

    Example:
        >>> nearest("Funel", ["banana", "funnel"]), nearest("nope", ["banana", "funnel"])
        ('funnel', None)
    """
    by_lower = {other.lower(): other for other in known}
    found = difflib.get_close_matches(name.lower(), by_lower, n=1)
    return by_lower[found[0]] if found else None


def first_line(error: BaseException) -> str:
    r"""Return the first line of what an error says, or its type if it says nothing.

    Example:
        >>> first_line(OSError("the disk is full\nwrite failed")), first_line(OSError())
        ('the disk is full', 'OSError')
    """
    return next(iter(str(error).strip().splitlines()), "") or type(error).__name__


def described(error: BaseException) -> str:
    r"""Return an error's type and the first line of what it says, if it says anything.

    Of a program that failed it is also the last line that it wrote to stderr, if that was kept.

    Example:
        >>> described(KeyError("x")), described(AssertionError())
        ("KeyError: 'x'", 'AssertionError')
        >>> described(subprocess.CalledProcessError(2, "mesh", stderr=b"Reading\nNo cells.\n"))
        "CalledProcessError: Command 'mesh' returned non-zero exit status 2: No cells."
    """
    name = type(error).__name__
    said = f"{name}: {first_line(error)}" if str(error).strip() else name
    written = error.stderr if isinstance(error, subprocess.CalledProcessError) else None
    text = written.decode(errors="replace") if isinstance(written, bytes) else str(written or "")
    return f"{said.rstrip('.')}: {text.strip().splitlines()[-1]}" if text.strip() else said
