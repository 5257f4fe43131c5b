"""A folder to run a notebook in, where it can do no harm to the files beside it."""

import os
import shutil
import tempfile
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fluvial.errors import InputError

__all__ = ["repository_root", "scratch_copy", "whole_copy"]

_MOST_BYTES = 2**30
_SKIPPED = {"__pycache__", "node_modules", "venv", "env"}


def repository_root(folder: Path) -> Path:
    """Return the nearest folder at or above another that git keeps; that one itself if none is.

    Example:
        >>> with tempfile.TemporaryDirectory() as home:
        ...     notebooks = Path(home, "notebooks")
        ...     Path(home, ".git").mkdir(), notebooks.mkdir()
        ...     repository_root(notebooks) == Path(home)
        (None, None)
        True
    """
    return next((up for up in (folder, *folder.parents) if (up / ".git").exists()), folder)


def whole_copy(folder: Path) -> Path:
    """Return the scratch copy of a repository that a folder in it is part of.

    Example:
        >>> with scratch_copy(None) as scratch:
        ...     whole_copy(scratch / "notebooks" / "drafts") == scratch
        True
    """
    temporary = Path(os.path.realpath(tempfile.gettempdir()))
    return temporary.joinpath(*folder.relative_to(temporary).parts[:2])


@contextmanager
def scratch_copy(folder: Path | None, root: Path | None = None) -> Iterator[Path]:
    """Yield a copy of a folder, within a copy of the repository around it; removed at the end.

    A notebook reads data and modules by relative paths, such as ``../data``, and may overwrite
    them: so it gets copies. Links within the repository stay links, those that lead out of it are
    followed. Hidden entries and virtual environments are left out.

    Args:
        folder: whose files to copy; None for an empty scratch folder.
        root: of the files that it may read, the folder itself or one above it; by default that of
            its git repository, or the folder alone if the repository is larger than 1 GiB.

    Raises:
        InputError: if the folder is not within the root, there is more than 1 GiB to copy, or a
            file cannot be read.

    Example:
        >>> with tempfile.TemporaryDirectory() as home:
        ...     _ = Path(home, "data.csv").write_text("1,2")
        ...     with scratch_copy(Path(home)) as scratch:
        ...         (scratch / "data.csv").read_text()
        '1,2'
    """
    # An interrupted kernel may still be writing.
    with tempfile.TemporaryDirectory(prefix="fluvial-", ignore_cleanup_errors=True) as home:
        scratch = Path(os.path.realpath(home), "notebook")
        if folder is None:
            scratch.mkdir()
            yield scratch
            return
        folder = Path(os.path.realpath(folder))
        top = _top(folder, root)
        _Copy(top, scratch).run()
        yield scratch / folder.relative_to(top)


def _top(folder: Path, root: Path | None) -> Path:
    """Choose what to copy: what was asked for, or the repository, or at least the folder."""
    if root is not None:
        top = Path(os.path.realpath(root))
        if not folder.is_relative_to(top):
            raise InputError(
                f"the notebook is in {folder}, which is not within {root}: give as --root a folder "
                "above it."
            )
        return top
    top = repository_root(folder)
    return top if top == folder or _Copy(top, top).fits() else folder


class _Copy:
    """A copy of the files below one folder to another."""

    def __init__(self, top: Path, target: Path):
        self._top = top
        self._target = target
        self._followed: set[str] = set()
        self._bytes = 0

    def fits(self) -> bool:
        """Say whether there is at most as much to copy as may be; copy nothing."""
        try:
            deque(self._files(self._top, Path()), maxlen=0)  # one at a time, none kept
        except InputError:
            return False
        finally:
            self._followed, self._bytes = set(), 0
        return True

    def run(self) -> None:
        """Copy the files, once it is known that they are not too large.

        Raises:
            InputError: if they are, or one cannot be read.
        """
        found = list(self._files(self._top, Path()))
        try:
            self._target.mkdir()
            for source, relative, link in found:
                self._put(source, self._target / relative, link)
        except OSError as error:
            name = error.filename or self._top
            raise InputError(
                f"the files beside the notebook cannot be copied to a scratch folder ({name}: "
                f"{error.strerror}): put the notebook in a folder with only the files that it "
                "reads."
            ) from error

    def _put(self, source: Path, target: Path, link: str | None) -> None:
        if link is not None:
            target.symlink_to(link)
        elif source.is_dir():
            target.mkdir(exist_ok=True)
        else:
            shutil.copy2(source, target)

    def _files(self, folder: Path, below: Path) -> Iterator[tuple[Path, Path, str | None]]:
        """Yield what to copy, where to, and what it links to if it is to be a link."""
        try:
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError as error:
            if folder != self._top:
                return  # one that is not ours to read is not the notebook's either
            raise InputError(f"{folder} cannot be read: {error.strerror}.") from error
        for entry in entries:
            path, relative = Path(entry.path), below / entry.name
            if entry.name.startswith(".") or entry.name in _SKIPPED or not path.exists():
                continue
            link = self._link(path, relative) if entry.is_symlink() else None
            if link is not None:
                yield path, relative, link
            elif path.is_dir():
                # A link to what is copied already, or to a folder that holds it, has no end.
                real = os.path.realpath(path)
                if entry.is_symlink() and (real in self._followed or _holds(real, path)):
                    continue
                self._followed.add(real)
                yield path, relative, None
                yield from self._files(path, relative)
            elif path.is_file():  # and no pipe, socket, or link to nothing
                self._count(path)
                yield path, relative, None

    def _link(self, path: Path, relative: Path) -> str | None:
        """Return where a link has to lead in the copy; None if its target has to be copied."""
        real = Path(os.path.realpath(path))
        if not real.is_relative_to(self._top):
            return None
        inside = real.relative_to(self._top)
        if any(part.startswith(".") or part in _SKIPPED for part in inside.parts):
            return None  # as the files of git-annex are
        return os.path.relpath(inside, relative.parent)

    def _count(self, path: Path) -> None:
        self._bytes += path.stat().st_size
        if self._bytes > _MOST_BYTES:
            raise InputError(
                f"{self._top} holds more than 1 GiB, too much to copy: put the notebook in a "
                "folder with only the files that it reads, or name a smaller one with --root."
            )


def _holds(folder: str, path: Path) -> bool:
    return Path(os.path.realpath(path.parent)).is_relative_to(folder)
