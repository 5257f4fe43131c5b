"""One writer at a time: locks that die with the process that holds them."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from fluvial.errors import InputError

__all__ = ["in_use", "saving"]

_PATIENCE = 60.0  # seconds; what another process saves is megabytes
_PAUSE = 0.05  # seconds, until a lock is tried again


@contextmanager
def in_use(folder: Path) -> Iterator[None]:
    """Hold a folder for as long as work goes on in it; the folder need not exist yet.

    The lock is the file ``.{name}.lock`` beside the folder, or in it where nothing may be written
    beside it. It is gone when it is no longer held.

    Raises:
        InputError: if another process, or another thread, holds it, or it cannot be written.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as directory:
        ...     with in_use(Path(directory, "run")), in_use(Path(directory, "run")):
        ...         pass
        Traceback (most recent call last):
        ...
        fluvial.errors.InputError: .../run is in use by another run: wait for it, or choose another
        folder.
    """
    with _held(folder, "lock", 0.0):
        yield


@contextmanager
def saving(path: Path) -> Iterator[None]:
    """Hold a file or folder while it is written; waits a minute for another process to finish.

    Raises:
        InputError: as ``in_use`` does.
    """
    with _held(path, "saving", _PATIENCE):
        yield


@contextmanager
def _held(path: Path, ending: str, seconds: float) -> Iterator[None]:
    path = path.resolve()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        place = _place(path, ending)
        lock = _locked(place, time.monotonic() + seconds)
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror}.") from error
    if lock is None:
        raise InputError(f"{path} is in use by another run: wait for it, or choose another folder.")
    try:
        yield
    finally:
        # While it is held: whoever waits for it sees that its file is gone, and makes a new one.
        with suppress(OSError):
            os.unlink(place)
        os.close(lock)


def _locked(place: Path, deadline: float) -> int | None:
    """Lock a file, and return its descriptor; None if another one has it until the deadline."""
    while True:
        descriptor = os.open(place, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o644)
        keep = False
        try:
            free = _lock(descriptor)
            keep = free and os.fstat(descriptor).st_nlink > 0
        finally:
            if not keep:
                os.close(descriptor)
        if keep:
            return descriptor
        if not free:  # else its file was removed in between: at once for the new one
            if time.monotonic() >= deadline:
                return None
            time.sleep(_PAUSE)


def _lock(descriptor: int) -> bool:
    import fcntl  # of systems that Stan programs run on as well, and so not of Windows

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):  # some file systems say it in this way
        return False
    return True


def _place(path: Path, ending: str) -> Path:
    beside = not path.is_dir() or os.access(path.parent, os.W_OK)
    return (path.parent if beside else path) / f".{path.name}.{ending}"
