"""Files that results name: read only where they belong, and only if they fit in memory."""

import os
import re
import stat
from pathlib import Path

from fluvial.errors import InputError
from fluvial.storage.schema import FILE_NAME

__all__ = ["place_inside", "read_file"]

# Far above what a fit or a study leaves, and far below what takes a machine down.
_MOST_BYTES = 4 * 2**30


def place_inside(folder: Path, *names: str) -> Path:
    """Return where a file is that is named in a folder's own data.

    Args:
        folder: of the results.
        names: of folders in it, where there are any, and of the file.

    Raises:
        InputError: if a name, or a symbolic link under it, leads out of the folder.

    Example:
        >>> place_inside(Path("run"), "../secret.png")
        Traceback (most recent call last):
        ...
        fluvial.errors.InputError: run names a file '../secret.png', which is not one of its own:
        restore the results, or make them again.
    """
    path = folder.joinpath(*names)
    if all(re.match(FILE_NAME["pattern"], name) for name in names) and _leads_into(path, folder):
        return path
    named = "/".join(names)[:80]
    raise InputError(
        f"{folder} names a file {named!r}, which is not one of its own: restore the results, "
        "or make them again."
    )


def _leads_into(path: Path, folder: Path) -> bool:
    try:
        return path.resolve().is_relative_to(folder.resolve())
    except (OSError, RuntimeError, ValueError):  # a link to itself, for one
        return False


def read_file(path: Path, most: int = _MOST_BYTES) -> bytes:
    """Read a regular file.

    Args:
        path: where it is.
        most: bytes that it may have, by default 4 GiB.

    Raises:
        InputError: if it is missing, something else than a file, too large, or unreadable.
    """
    try:
        found = os.stat(path)
        if not stat.S_ISREG(found.st_mode):
            raise InputError(f"{path} is not a file: restore it, or make the results again.")
        if found.st_size > most:
            raise InputError(
                f"{path} has {found.st_size:,} bytes, and at most {most:,} are read: it is not "
                "as fluvial writes it."
            )
        return path.read_bytes()
    except FileNotFoundError as error:
        raise InputError(f"{path} is missing: restore it, or make the results again.") from error
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from error
