"""A folder of results: files, and a manifest that vouches for them. Written whole, or not at all.

The manifest is a JSON file named after what the folder holds (``posterior.json``). It has the
SHA-256 of every other file, and one of its own content, so that whatever is truncated, mixed up or
edited is noticed when it is read.

A new folder is written beside its place and renamed. Over earlier results, the new ones are
written to ``.fluvial-new/`` inside the folder, which is renamed to ``.fluvial-whole/`` when it is
complete: from that moment on they are what is read. Then its files are moved to their places. If
the process dies on the way, either the old results are whole in their places, or the new ones are
in the two together, and the next write tidies up.
"""

import errno
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from fluvial.errors import InputError
from fluvial.storage import sealed
from fluvial.storage.locks import saving
from fluvial.storage.reading import place_inside, read_file
from fluvial.storage.schema import FILE_NAME, check
from fluvial.storage.writing import readable_errors, remove, sync, unwritable, write_durably

__all__ = ["check_folder", "holds", "read_folder", "write_folder"]

_FORMAT = 1
_NEW, _WHOLE = ".fluvial-new", ".fluvial-whole"
_FILES = {
    "type": "object",
    "propertyNames": FILE_NAME,
    "additionalProperties": {"type": "string", "pattern": r"^[0-9a-f]{64}\Z"},
}


def check_folder(directory: Path, kind: str) -> None:
    """Check, without leaving a trace, that ``write_folder`` may write to a folder.

    Args:
        directory: one that does not exist yet, is empty, or holds results of the same kind.
        kind: what is written, such as "posterior".

    Raises:
        InputError: if it is a file, holds anything else, or cannot be written.

    Example:
        >>> check_folder(Path("no/such/folder/yet"), "posterior")
    """
    path = directory.resolve()
    existing = next(parent for parent in (path, *path.parents) if os.path.lexists(parent))
    if path.is_dir():
        if not os.access(path, os.R_OK | os.W_OK | os.X_OK):
            raise unwritable(directory, os.strerror(errno.EACCES))
        if _foreign(path) and not holds(path, kind):
            raise InputError(
                f"{directory} is not empty and holds no saved {kind}: choose another folder, "
                "so that nothing of yours is overwritten."
            )
    elif existing == path:
        raise InputError(f"{directory} is a file: choose a folder.")
    elif not existing.is_dir():
        raise unwritable(directory, f"{existing} is a file")
    elif not os.access(existing, os.W_OK | os.X_OK):
        raise unwritable(directory, os.strerror(errno.EACCES))


def write_folder(
    directory: Path, kind: str, content: Mapping[str, Any], files: Mapping[str, bytes]
) -> None:
    """Write files and their manifest to a folder; the module's docstring says how.

    Args:
        directory: made where needed; results of the same kind in it are replaced, and whatever
            else is in it stays.
        kind: what the folder holds; the manifest is ``{kind}.json``.
        content: what the manifest says, as JSON can hold.
        files: name -> content of all other files.

    Raises:
        InputError: if ``check_folder`` does, or the disk is full.
    """
    check_folder(directory, kind)
    path = directory.resolve()
    digests = {name: sealed.sha256(data) for name, data in files.items()}
    manifest = sealed.encode(kind, _FORMAT, content, files=digests)
    every = {**files, f"{kind}.json": manifest}
    with readable_errors(directory), saving(path):
        if path.is_dir():
            _install(path, kind)  # what a process that died had finished
            _check_places(path, every)
            with _staged(path / _NEW, every) as new:
                os.rename(new, path / _WHOLE)
                sync(path)
            _install(path, kind)
        else:
            with _staged(path.with_name(f".{path.name}.new"), every) as new:
                os.rename(new, path)
                sync(path.parent)


def read_folder(directory: Path, kind: str) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Read what ``write_folder`` wrote.

    Returns:
        The content of the manifest, and the content of each file by its name.

    Raises:
        InputError: if there is no such folder, another version of the format wrote it, or any
            file is missing or not as it was written.
    """
    if not holds(directory, kind):
        raise InputError(f"{directory} holds no saved {kind}: there is no {kind}.json in it.")
    manifest = _read(directory, f"{kind}.json")
    while True:
        try:
            return _read_all(directory, kind, manifest)
        except InputError:
            # Another process may have replaced the results since.
            again = _read(directory, f"{kind}.json")
            if again == manifest:
                raise
            manifest = again


def holds(directory: Path, kind: str) -> bool:
    """Whether there are results of a kind in a folder, whole or not.

    Example:
        >>> holds(Path("no/such/folder"), "posterior")
        False
    """
    return os.path.isfile(_place(directory, f"{kind}.json"))


def _foreign(path: Path) -> bool:
    """Whether there is anything in a folder but what writing leaves for a moment."""
    ours = {_NEW, _WHOLE, f".{path.name}.lock", f".{path.name}.saving"}
    return any(name not in ours for name in os.listdir(path))


def _place(directory: Path, name: str) -> Path:
    """Where a file is: not yet in its place, if whoever finished it could not put it there."""
    pending = directory / _WHOLE / name
    return pending if os.path.lexists(pending) else directory / name


def _read(directory: Path, name: str) -> bytes:
    place_inside(directory, name)
    place = _place(directory, name)
    place_inside(place.parent, name)
    return read_file(place)


def _read_all(
    directory: Path, kind: str, manifest: bytes
) -> tuple[dict[str, Any], dict[str, bytes]]:
    path = directory / f"{kind}.json"
    fields = sealed.decode(manifest, path, kind, _FORMAT)
    check(fields.get("files"), _FILES, path)
    check(fields["content"], {"type": "object"}, path)
    files = {}
    for name, digest in fields["files"].items():
        files[name] = _read(directory, name)
        if sealed.sha256(files[name]) != digest:
            raise sealed.damaged(directory / name)
    return fields["content"], files


@contextmanager
def _staged(folder: Path, files: Mapping[str, bytes]) -> Iterator[Path]:
    remove(folder)  # what a process that died was writing
    try:
        folder.mkdir()
        for name, data in files.items():
            write_durably(folder / name, data)
        sync(folder)
        yield folder
    finally:
        remove(folder)


def _install(path: Path, kind: str) -> None:
    """Move what is whole to its place, the manifest last, and remove what it replaces."""
    whole, manifest = path / _WHOLE, f"{kind}.json"
    if not whole.is_dir():
        return
    names = sorted(os.listdir(whole), key=lambda name: name == manifest)
    if manifest in names:
        for stale in _earlier(path, kind) - set(names):
            (path / stale).unlink(missing_ok=True)
    for name in names:
        os.replace(whole / name, path / name)
    whole.rmdir()


def _earlier(path: Path, kind: str) -> set[str]:
    """The files that a manifest in its place vouches for."""
    manifest = path / f"{kind}.json"
    try:
        fields = sealed.decode(read_file(manifest), manifest, kind, _FORMAT)
        check(fields.get("files"), _FILES, manifest)
    except InputError:  # there is none, or it is damaged: then nothing is known to be ours
        return set()
    return set(fields["files"])


def _check_places(path: Path, names: Mapping[str, Any]) -> None:
    for name in names:
        if (path / name).is_dir():
            raise InputError(f"{path / name} is a folder, where a file is to be: move it away.")
