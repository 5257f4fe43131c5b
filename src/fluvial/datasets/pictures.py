"""Pictures in files, in a folder, a zip or a tar, as one array."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path, PurePath, PurePosixPath
from typing import NamedTuple

import numpy as np
from jaxtyping import UInt8

from fluvial.datasets.archives import members
from fluvial.datasets.channels import merged
from fluvial.datasets.decoding import PictureFile, decode, read_size, suffixes
from fluvial.datasets.limits import check_size
from fluvial.errors import InputError

__all__ = ["Pictures", "read_archive", "read_folder", "read_tar_of_pictures"]

# A layer of 400 units on as many pixels in gray has close to a billion weights.
_MOST_PIXELS = 2**21


class Pictures(NamedTuple):
    """Pictures as one array.

    Attributes:
        pixels: in gray or, with three channels, in color.
        notes: what was guessed, dropped and changed, in phrases.
    """

    pixels: UInt8[np.ndarray, "N H W *C"]
    notes: tuple[str, ...]


def read_folder(
    folder: Path, *, size: tuple[int, int] | None = None, color: bool | None = None
) -> Pictures:
    """Read all pictures in a folder and the folders in it, in the order of their names.

    Hidden files are passed over. See ``channels.merged`` for transparency and color.

    Args:
        folder: of the pictures.
        size: width and height to which each is resized; None if all are of one size.
        color: True for color, False for gray, None for what most pictures are.

    Raises:
        InputError: if there is none, they differ in size, one is damaged, or they do not fit in
            memory.
    """
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    named = [path for path in files if _is_picture(path.relative_to(folder))]
    if not named:
        raise InputError(
            f"{folder} holds no pictures{_instead(files)}: put PNG or JPEG files in it."
        )
    notes = _names_note([path.relative_to(folder) for path in files])
    return _stacked([PictureFile(str(path), path) for path in named], size, color, notes)


def read_archive(
    path: Path, *, size: tuple[int, int] | None = None, color: bool | None = None
) -> Pictures:
    """Read all pictures of a zip or a tar, as ``read_folder`` does those of a folder.

    Raises:
        InputError: as ``read_folder`` does, or if the archive is damaged.
    """
    names: list[PurePath] = []

    def wanted(name: str) -> bool:
        names.append(PurePosixPath(name))
        return _is_picture(names[-1])

    files = sorted(
        PictureFile(f"{path}: {name}", content) for name, content in members(path, wanted)
    )
    if not files:
        raise InputError(f"{path} holds no pictures{_instead(names)}: put PNG or JPEG files in it.")
    return _stacked(files, size, color, _names_note(names))


def read_tar_of_pictures(path: Path, *parts: str) -> dict[str, UInt8[np.ndarray, "N H W 3"]]:
    """Read the pictures in color of a tar, nothing of which is written to the disk.

    Args:
        path: the tar, compressed or not.
        parts: names of folders, such as "train", at any depth in it.

    Returns:
        part -> its pictures, in the order of their names.

    Raises:
        InputError: as ``read_folder`` does, or if the tar is damaged.
    """
    found: dict[str, list[PictureFile]] = {part: [] for part in parts}
    for name, content in members(path, lambda name: _is_picture(PurePosixPath(name))):
        for part in set(PurePosixPath(name).parts[:-1]) & found.keys():
            found[part].append(PictureFile(f"{path}: {name}", content))
    for part, pictures in found.items():
        if not pictures:
            raise InputError(f"{path} holds no pictures in a folder {part}/: give one that does.")
    return {
        part: _stacked(sorted(pictures), None, True, ()).pixels for part, pictures in found.items()
    }


def _is_picture(path: PurePath) -> bool:
    return not _hidden(path) and path.suffix.lower() in suffixes()


def _hidden(path: PurePath) -> bool:
    return any(part.startswith(".") or part == "__MACOSX" for part in path.parts)


def _instead(paths: Sequence[PurePath]) -> str:
    others = [path.name for path in paths if not _hidden(path)]
    return f", but {', '.join(others[:3])}{', ...' if others[3:] else ''}" if others else ""


def _names_note(paths: Sequence[PurePath]) -> tuple[str, ...]:
    """Say which files were passed over, and that names of folders do not count as labels."""
    others = [path.name for path in paths if not _hidden(path) and not _is_picture(path)]
    folders = {path.parent for path in paths if _is_picture(path)}
    notes = []
    if others:
        notes.append(f"other files are passed over: {len(others):,}, such as {others[0]}")
    if len(folders) > 1:
        notes.append(f"{len(folders):,} folders are read as one, and their names are not used")
    return tuple(notes)


def _stacked(
    files: Sequence[PictureFile],
    size: tuple[int, int] | None,
    color: bool | None,
    notes: tuple[str, ...],
) -> Pictures:
    width, height = size or _common_size(files)
    # Four channels, since what a picture has is known only when it is decoded.
    check_size(4 * len(files) * width * height, len(files) * width * height, files[0].name)
    pictures, changes = [], Counter()
    for file in files:
        picture = decode(file, size)
        pictures.append(picture.pixels)
        changes.update(picture.changes)
    pixels, more = merged(pictures, color)
    changed = tuple(_count(n, len(files)) + f" are {what}" for what, n in changes.items())
    return Pictures(pixels, (*notes, *changed, *more))


def _common_size(files: Sequence[PictureFile]) -> tuple[int, int]:
    sizes = [read_size(file) for file in files]
    (most, count), *others = Counter(sizes).most_common()
    if others:
        odd = next(k for k, size in enumerate(sizes) if size != most)
        raise InputError(
            f"{files[odd].name} is {_text(sizes[odd])} pixels, while {count:,} of {len(files):,} "
            f"are {_text(most)}: bring all images to one size, which --size {_text(most)} does (in "
            f'Python size="{_text(most)}").'
        )
    if most[0] * most[1] > _MOST_PIXELS:
        raise InputError(
            f"{files[0].name} is {_text(most)} pixels, more than {_MOST_PIXELS:,}, which is too "
            'much to learn from: make it smaller, as --size 64x64 does (in Python size="64x64").'
        )
    return most


def _count(some: int, of: int) -> str:
    return f"all {of:,}" if some == of else f"{some:,} of {of:,}"


def _text(size: tuple[int, int]) -> str:
    return f"{size[0]}x{size[1]}"
