"""A folder to run a notebook in, where it can do no harm to the files beside it."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fluvial.errors import InputError

__all__ = ["scratch_copy"]

_MOST_BYTES = 2**30
_SKIPPED = {"__pycache__", "node_modules", "venv", "env"}


@contextmanager
def scratch_copy(folder: Path | None) -> Iterator[Path]:
    """Yield a new folder with copies of the files in another, removed at the end.

    A notebook reads data and modules that lie beside it by relative paths, and may overwrite them:
    so it gets copies. Links are followed. Hidden entries and virtual environments are left out.

    Args:
        folder: whose files to copy; None for an empty scratch folder.

    Raises:
        InputError: if there is more than 1 GiB to copy, or a file cannot be read.

    Example:
        >>> with tempfile.TemporaryDirectory() as home:
        ...     _ = Path(home, "data.csv").write_text("1,2")
        ...     with scratch_copy(Path(home)) as scratch:
        ...         (scratch / "data.csv").read_text()
        '1,2'
    """
    # An interrupted kernel may still be writing.
    with tempfile.TemporaryDirectory(prefix="fluvial-", ignore_cleanup_errors=True) as home:
        scratch = Path(home, "notebook")
        if folder is None:
            scratch.mkdir()
        else:
            _check_size(folder)
            _copy(folder, scratch)
        yield scratch


def _copy(folder: Path, scratch: Path) -> None:
    try:
        shutil.copytree(folder, scratch, ignore=_left_out, ignore_dangling_symlinks=True)
    except (shutil.Error, OSError) as error:
        first = error.args[0][0] if isinstance(error, shutil.Error) else None
        name, reason = (first[0], first[2]) if first else (folder, getattr(error, "strerror", ""))
        raise InputError(
            f"the files beside the notebook cannot be copied to a scratch folder ({name}: "
            f"{reason}): put the notebook in a folder with only the files that it reads."
        ) from error


def _left_out(directory: str, names: list[str]) -> set[str]:
    """Name what is no data: hidden files, caches, environments, pipes and sockets."""
    return {
        name
        for name in names
        if name.startswith(".") or name in _SKIPPED or not _is_plain(Path(directory, name))
    }


def _is_plain(path: Path) -> bool:
    return path.is_file() or path.is_dir()


def _check_size(folder: Path) -> None:
    total, waiting = 0, [folder]
    while waiting:
        directory = waiting.pop()
        names = [path.name for path in directory.iterdir()]
        for name in set(names) - _left_out(str(directory), names):
            path = directory / name
            if path.is_dir():
                waiting.append(path)
            else:
                total += path.stat().st_size
        if total > _MOST_BYTES:
            raise InputError(
                f"{folder} holds more than 1 GiB beside the notebook, too much to copy: put the "
                "notebook in a folder with only the files that it reads."
            )
