"""A folder of results: files, and a manifest that vouches for them. Written whole, or not at all.

The manifest is a JSON file named after what the folder holds (``posterior.json``). It has the
SHA-256 of every other file, and one of its own content, so that whatever is truncated, mixed up or
edited is noticed when it is read.
"""

import errno
import hashlib
import json
import os
import shutil
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from fluvial.errors import InputError

__all__ = ["check_folder", "read_folder", "replaced", "write_folder"]

_FORMAT = 1


def check_folder(directory: Path, kind: str) -> None:
    """Check, without leaving a trace, that ``write_folder`` may write to a folder.

    Args:
        directory: one that does not exist yet, is empty, or holds results of the same kind.
        kind: what shall be written, such as "posterior".

    Raises:
        InputError: if it is a file, holds anything else, or cannot be written.

    Example:
        >>> check_folder(Path("no/such/folder/yet"), "posterior")
    """
    path = directory.resolve()
    if path.is_dir():
        if any(path.iterdir()) and not _manifest_path(path, kind).is_file():
            raise InputError(
                f"{directory} is not empty and holds no saved {kind}: choose another folder, "
                "so that nothing of yours is overwritten."
            )
    elif path.exists():
        raise InputError(f"{directory} is a file: choose a folder.")
    existing = next(parent for parent in (path, *path.parents) if parent.exists())
    if not existing.is_dir():
        raise _unwritable(directory, f"{existing} is a file")
    if not os.access(existing, os.W_OK | os.X_OK):
        raise _unwritable(directory, os.strerror(errno.EACCES))


def write_folder(
    directory: Path, kind: str, content: Mapping[str, Any], files: Mapping[str, bytes]
) -> None:
    """Write files and their manifest to a folder.

    All is written beside the folder first and then moved, the manifest last: whoever reads at any
    moment finds all of it, or is told that it is not whole. A new folder appears in one step.

    Args:
        directory: made where needed; results of the same kind in it are replaced.
        kind: what the folder holds; the manifest is ``{kind}.json``.
        content: what the manifest says, as JSON can hold.
        files: name -> content of all other files.

    Raises:
        InputError: if ``check_folder`` does, or the disk is full.
    """
    check_folder(directory, kind)
    path = directory.resolve()
    manifest = _encode(_sealed(kind, content, files))
    fresh = path.with_name(f".{path.name}.{uuid.uuid4().hex[:12]}")
    try:
        with _readable_errors(directory):
            fresh.mkdir(parents=True)
            names = [*files, f"{kind}.json"]
            for name, data in zip(names, [*files.values(), manifest], strict=True):
                _write_durably(fresh / name, data)
            if path.exists():
                for name in names:
                    os.replace(fresh / name, path / name)
            else:
                os.rename(fresh, path)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def read_folder(directory: Path, kind: str) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Read what ``write_folder`` wrote.

    Returns:
        The content of the manifest, and the content of each file by its name.

    Raises:
        InputError: if there is no such folder, another version of the format wrote it, or any
            file is missing or not as it was written.
    """
    path = _manifest_path(directory, kind)
    if not path.is_file():
        raise InputError(f"{directory} holds no saved {kind}: there is no {path.name} in it.")
    manifest = _decode(_read(path), path)
    files = {name: _read(path.with_name(name)) for name in manifest["files"]}
    for name, data in files.items():
        if _sha256(data) != manifest["files"][name]:
            raise _damaged(path.with_name(name))
    return manifest["content"], files


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
    fresh = path.with_name(f".{uuid.uuid4().hex[:12]}.{path.name}")
    try:
        with _readable_errors(path):
            yield fresh
            os.replace(fresh, path)
    finally:
        fresh.unlink(missing_ok=True)


def _manifest_path(directory: Path, kind: str) -> Path:
    return directory / f"{kind}.json"


def _sealed(kind: str, content: Mapping[str, Any], files: Mapping[str, bytes]) -> dict[str, Any]:
    manifest = {
        "format": _FORMAT,
        "kind": kind,
        "files": {name: _sha256(data) for name, data in files.items()},
        "content": content,
    }
    return manifest | {"sha256": _seal(manifest)}


def _seal(manifest: Mapping[str, Any]) -> str:
    """Hash all but the hash itself, whatever the layout of the text."""
    unsealed = {name: value for name, value in manifest.items() if name != "sha256"}
    return _sha256(json.dumps(unsealed, sort_keys=True).encode())


def _encode(manifest: Mapping[str, Any]) -> bytes:
    return (json.dumps(manifest, indent=2, ensure_ascii=False) + "\n").encode()


def _decode(data: bytes, path: Path) -> dict[str, Any]:
    try:
        manifest = json.loads(data)
    except ValueError as error:  # not JSON, or not even UTF-8
        raise _damaged(path) from error
    if not isinstance(manifest, dict) or "format" not in manifest:
        raise _damaged(path)
    if manifest["format"] != _FORMAT:
        raise InputError(
            f"{path} is of format {manifest['format']}, and this fluvial reads format {_FORMAT}: "
            "load it with the version of fluvial that wrote it."
        )
    if manifest.get("sha256") != _seal(manifest):
        raise _damaged(path)
    return manifest


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise InputError(f"{path} is missing: save the results again.") from error
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from error


def _write_durably(path: Path, data: bytes) -> None:
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


@contextmanager
def _readable_errors(directory: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise _unwritable(directory, error.strerror or str(error)) from error


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _damaged(path: Path) -> InputError:
    return InputError(
        f"{path} is not as it was written (truncated, or edited): save the results again."
    )


def _unwritable(directory: Path, reason: str) -> InputError:
    return InputError(f"{directory} cannot be written: {reason}.")
