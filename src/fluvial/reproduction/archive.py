"""The files of all records in one: a zip archive of the same bytes for the same files."""

import io
import zipfile
from collections.abc import Collection, Mapping

__all__ = ["pack", "unpack"]

_ANY_TIME = (1980, 1, 1, 0, 0, 0)  # the first that a zip archive can name
_READABLE = 0o644 << 16


def pack(files: Mapping[str, bytes]) -> bytes:
    """Put files in an archive, in the order of their names, without compression.

    Arrays are compressed already, and an archive that does not compress cannot unpack to more
    than it is.

    Example:
        >>> unpack(pack({"a.json": b"{}"}), {"a.json"})
        {'a.json': b'{}'}
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(files):
            member = zipfile.ZipInfo(name, _ANY_TIME)
            member.create_system = 3  # Unix, wherever it is written
            member.external_attr = _READABLE
            archive.writestr(member, files[name])
    return buffer.getvalue()


def unpack(data: bytes, known: Collection[str]) -> dict[str, bytes]:
    """Read what `pack` wrote.

    Args:
        data: of the archive.
        known: the names that files may have.

    Raises:
        ValueError: if it is not what `pack` writes, or holds other files.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
            names = [member.filename for member in members]
            if not set(names) <= set(known) or len(set(names)) < len(names):
                raise ValueError("it holds files that are not of the study")
            if any(member.compress_type != zipfile.ZIP_STORED for member in members):
                raise ValueError("it is compressed")
            if sum(member.file_size for member in members) > len(data):
                raise ValueError("its files are said to be larger than it is")
            return {member.filename: archive.read(member) for member in members}
    # Whatever a damaged archive trips first, with errors of its own.
    except Exception as error:
        raise ValueError(str(error)) from error
