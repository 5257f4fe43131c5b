"""One writer at a time: locks that die with the process that holds them."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from fluvial.errors import InputError

__all__ = ["in_use", "saving"]

_PATIENCE = 60.0  # seconds; what another process saves is megabytes


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
    from filelock import FileLock, Timeout

    path = path.resolve()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(_place(path, ending), timeout=seconds)
        lock.acquire()
    except Timeout:
        raise InputError(
            f"{path} is in use by another run: wait for it, or choose another folder."
        ) from None
    except FileExistsError as error:
        raise InputError(f"{path} cannot be written: {path.parent} is a file.") from error
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror}.") from error
    try:
        yield
    finally:
        # Before it is released: whoever waits for the lock sees that its file is gone, and makes
        # a new one. Windows deletes no open file, and keeps this one.
        with suppress(OSError):
            os.unlink(lock.lock_file)
        lock.release()


def _place(path: Path, ending: str) -> Path:
    beside = not path.is_dir() or os.access(path.parent, os.W_OK)
    return (path.parent if beside else path) / f".{path.name}.{ending}"
