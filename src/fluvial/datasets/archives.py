"""The files in a zip or a tar, read one after the other; nothing is written to the disk."""

import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

from fluvial.datasets.limits import check_size
from fluvial.errors import InputError

__all__ = ["is_archive", "members"]

_DAMAGE = (tarfile.TarError, zipfile.BadZipFile, EOFError, zlib.error)
_UNSUPPORTED = (RuntimeError, NotImplementedError)  # encrypted, or compressed by what is not here


def is_archive(path: Path) -> bool:
    """Whether a file is a zip or a tar, by its content.

    Example:
        >>> is_archive(Path("no such file"))
        False
    """
    return path.is_file() and (zipfile.is_zipfile(path) or tarfile.is_tarfile(path))


def members(path: Path, wanted: Callable[[str], bool]) -> Iterator[tuple[str, bytes]]:
    """Read files from an archive, in its order.

    Args:
        path: a zip, or a tar, compressed or not.
        wanted: whether to read the file of that name.

    Yields:
        The name of each in the archive, and its content.

    Raises:
        InputError: if the archive is damaged or encrypted, or what it holds does not fit in
            memory.
    """
    kind, read = ("zip", _zip) if zipfile.is_zipfile(path) else ("tar", _tar)
    try:
        yield from read(path, wanted)
    except InputError:
        raise
    except _DAMAGE as error:
        raise InputError(f"{path} is a damaged {kind}: get it again.") from error
    except _UNSUPPORTED as error:
        raise InputError(
            f"{path} cannot be read ({error}): unpack it, and give the folder."
        ) from error
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}.") from error


def _zip(path: Path, wanted: Callable[[str], bool]) -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(path) as archive:
        infos = [i for i in archive.infolist() if not i.is_dir() and wanted(i.filename)]
        check_size(sum(info.file_size for info in infos), path.stat().st_size, str(path))
        for info in infos:
            yield info.filename, archive.read(info)


def _tar(path: Path, wanted: Callable[[str], bool]) -> Iterator[tuple[str, bytes]]:
    size, stored = 0, path.stat().st_size
    # Not as a stream: that takes a compressed file that is cut short for one that ends there.
    with tarfile.open(path, "r:*") as tar:
        for member in tar:
            if member.isfile() and wanted(member.name):
                size += member.size
                check_size(size, stored, str(path))
                file = tar.extractfile(member)
                assert file is not None  # as it is of all regular files
                yield member.name, file.read()
