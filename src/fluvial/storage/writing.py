"""Writing to a disk: a file whole or not at all, and one sentence where it cannot be written."""

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from fluvial.errors import InputError
from fluvial.storage.locks import saving

__all__ = [
    "check_file",
    "readable_errors",
    "remove",
    "replaced",
    "sync",
    "unwritable",
    "write_durably",
]


def check_file(path: Path) -> None:
    """Check, without leaving a trace, that ``replaced`` may write a file.

    Raises:
        InputError: if it is a folder, or cannot be written.

    Example:
        >>> check_file(Path("no/such/folder/yet/a.txt"))
    """
    place = path.resolve()
    existing = next(parent for parent in place.parents if os.path.lexists(parent))
    if place.is_dir():
        raise InputError(f"{path} is a folder: give the name of a file.")
    if not existing.is_dir():
        raise unwritable(path, f"{existing} is a file")
    if not os.access(existing, os.W_OK | os.X_OK):
        raise unwritable(path, os.strerror(errno.EACCES))


@contextmanager
def replaced(path: Path) -> Iterator[Path]:
    """Write one file whole or not at all: yields where to write it, and moves it to its place.

    Raises:
        InputError: if it cannot be written.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as directory:
        ...     with replaced(Path(directory, "a.txt")) as fresh:
        ...         _ = fresh.write_text("all of it")
        ...     Path(directory, "a.txt").read_text()
        'all of it'
    """
    # The suffix stays: some writers go by it.
    fresh = path.with_name(f".new-{path.name}")
    with readable_errors(path), saving(path):
        remove(fresh)  # what a process that died was writing
        try:
            yield fresh
            os.replace(fresh, path)
        finally:
            remove(fresh)


@contextmanager
def readable_errors(path: Path) -> Iterator[None]:
    """Turn an error of the operating system into a sentence.

    Raises:
        InputError: naming the path, and why it cannot be written.
    """
    try:
        yield
    except OSError as error:
        raise unwritable(path, error.strerror or str(error)) from error


def unwritable(path: Path, reason: str) -> InputError:
    """Return the error that says why a path cannot be written.

    Example:
        >>> str(unwritable(Path("run"), "No space left on device"))
        'run cannot be written: No space left on device.'
    """
    return InputError(f"{path} cannot be written: {reason}.")


def remove(path: Path) -> None:
    """Remove a file, or a folder with all that is in it, if it is there and can be removed."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):
            path.unlink(missing_ok=True)


def write_durably(path: Path, data: bytes) -> None:
    """Write a file, and return when it is on the disk."""
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def sync(folder: Path) -> None:
    """Have a folder's names on the disk before the next step; Windows opens no folder."""
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
