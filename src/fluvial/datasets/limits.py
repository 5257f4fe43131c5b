"""How much memory data may take, decided before any of it is taken."""

import os
from pathlib import Path

from fluvial.errors import InputError

__all__ = ["check_size", "memory"]

_MIB = 2**20
# Deflate makes zeros 1,032 times as small, and the most compressible images that are in use,
# dSprites, 116 times; what shrinks further than this is made to fill memory.
_LARGEST_RATIO, _GRACE = 500, 64 * _MIB
# Images are held as they were read, in the type of pixels, in shuffled parts, and on the device.
_COPIES = 4
_WITHOUT_SYSCONF = 8 * 2**30
_CGROUPS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")


def check_size(size: int, stored: int, where: str) -> None:
    """Check that data can be held in memory, and that its file can hold it.

    Args:
        size: bytes that the data takes once it is read, as its header says.
        stored: bytes that it takes on disk.
        where: what the complaint names.

    Raises:
        InputError: if either is not so.

    Example:
        >>> check_size(10**9, 10**6, "x.npz")
        Traceback (most recent call last):
        ...
        fluvial.errors.InputError: x.npz says that its 1.0 MB hold 1.0 GB, which no images do: ...
    """
    if size > max(_GRACE, _LARGEST_RATIO * stored):
        raise InputError(
            f"{where} says that its {_readable(stored)} hold {_readable(size)}, which no images "
            "do: it is damaged, blank, or made to fill the memory; if it is none of these, save "
            "it uncompressed."
        )
    limit = memory() // _COPIES
    if size > limit:
        raise InputError(
            f"{where} holds {_readable(size)} of pixels, and training on more than "
            f"{_readable(limit)} does not fit this machine's memory: give fewer or smaller images."
        )


def memory() -> int:
    """Return the bytes of memory that this process may use, those of its container if fewer.

    Example:
        >>> memory() > 0
        True
    """
    try:
        physical = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):  # Windows has no sysconf
        physical = _WITHOUT_SYSCONF
    return min([physical, *_allowed()])


def _allowed() -> list[int]:
    limits = []
    for path in map(Path, _CGROUPS):
        try:
            limits.append(int(path.read_text()))
        except (OSError, ValueError):  # none, or "max"
            continue
    return [limit for limit in limits if limit > 0]


def _readable(size: int) -> str:
    for unit, factor in (("TB", 10**12), ("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if size >= factor:
            return f"{size / factor:,.1f} {unit}"
    return f"{size} bytes"
