"""One picture's file, decoded by Pillow into channels of bytes."""

import io
import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from jaxtyping import UInt8

from fluvial.datasets.channels import reduced
from fluvial.errors import InputError
from fluvial.extras import require

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["Decoded", "PictureFile", "decode", "read_size", "suffixes"]

# The formats that Pillow decodes by itself, and that pictures for learning come in.
_FORMATS = (
    *("AVIF", "BMP", "DIB", "GIF", "ICO", "JPEG", "JPEG2000", "MPO", "PCX", "PNG", "PPM", "QOI"),
    *("SGI", "TGA", "TIFF", "WEBP", "XBM"),
)
_GRAY = {"1", "L", "LA", "La"}
_COLOR = {"P", "PA", "RGB", "RGBA", "RGBa", "RGBX", "CMYK", "YCbCr", "HSV"}
_DEEP = {"I;16", "I;16B", "I;16L", "I;16N"}
_ON_ITS_SIDE = {5, 6, 7, 8}  # the EXIF orientations that swap height and width


class PictureFile(NamedTuple):
    """A picture that is yet to be decoded.

    Attributes:
        name: what complaints call it.
        content: its path, or its bytes.
    """

    name: str
    content: Path | bytes


class Decoded(NamedTuple):
    """A picture, and what was done to it.

    Attributes:
        pixels: C is 1 for gray, 2 with alpha, 3 for color, 4 with alpha.
        changes: phrases that say what was dropped or changed.
    """

    pixels: UInt8[np.ndarray, "H W C"]
    changes: tuple[str, ...]


def suffixes() -> set[str]:
    """The suffixes of pictures' files, in lower case.

    Raises:
        InputError: if Pillow is not installed.

    Example:
        >>> {".png", ".jpg"} <= suffixes()
        True
    """
    require("train", "reading pictures", "PIL")
    from PIL import Image

    return {s for s, kind in Image.registered_extensions().items() if kind in _FORMATS}


def _formats() -> tuple[str, ...]:
    from PIL import Image

    Image.init()
    return tuple(kind for kind in _FORMATS if kind in Image.OPEN)  # as Pillow was built


def read_size(file: PictureFile) -> tuple[int, int]:
    """Read from its header how wide and high a picture is, upright; nothing is decoded.

    Raises:
        InputError: if it is damaged, or has more pixels than Pillow takes for safe.
    """
    with _opened(file) as picture:
        from PIL import ExifTags

        width, height = picture.size
        on_its_side = picture.getexif().get(ExifTags.Base.Orientation) in _ON_ITS_SIDE
        return (height, width) if on_its_side else (width, height)


def decode(file: PictureFile, size: tuple[int, int] | None = None) -> Decoded:
    """Decode a picture upright, its first frame if there are several.

    Args:
        file: of the picture.
        size: width and height to which it is resized; None for its own.

    Raises:
        InputError: if it is damaged, or its pixels are floats or 32-bit integers.
    """
    with _opened(file) as picture:
        from PIL import ExifTags, Image, ImageOps

        changes = []
        if getattr(picture, "n_frames", 1) > 1:
            picture.seek(0)
            changes.append("of several frames, and the first is taken")
        upright = ImageOps.exif_transpose(picture)
        if picture.getexif().get(ExifTags.Base.Orientation, 1) != 1:
            changes.append("turned upright as their EXIF data say")
        plain, more = _plain(upright, file.name)
        if size is not None and plain.size != size:
            plain = plain.resize(size, Image.Resampling.LANCZOS)
            more.append(f"resized to {size[0]}x{size[1]}")
        pixels = np.asarray(plain)
    pixels = pixels[..., None] if pixels.ndim == 2 else pixels
    kept = reduced(pixels)
    if pixels.shape[-1] in (2, 4) and kept.shape[-1] in (1, 3):
        more.append("opaque, and their alpha is dropped")
    if pixels.shape[-1] in (3, 4) and kept.shape[-1] in (1, 2) and picture.mode not in ("P", "PA"):
        more.append("stored in color but gray")
    return Decoded(kept, (*changes, *more))


def _plain(picture: "Image", name: str) -> "tuple[Image, list[str]]":
    """Convert to gray or color of 8 bits, with alpha where there is transparency."""
    from PIL import Image

    if picture.mode in _DEEP:
        values = np.asarray(picture).astype(np.uint32)
        gray = Image.fromarray(((values + 128) // 257).astype(np.uint8))
        return gray, ["of 16 bits and were rounded to 8"]
    if picture.mode not in _GRAY | _COLOR:
        raise InputError(
            f"{name} is of Pillow's mode {picture.mode}, more than 8 bits a channel: save it with "
            "8, or give the pixels as .npy."
        )
    gray = picture.mode in _GRAY
    if picture.has_transparency_data:
        return picture.convert("LA" if gray else "RGBA"), []
    return picture.convert("L" if gray else "RGB"), []


@contextmanager
def _opened(file: PictureFile) -> "Iterator[Image]":
    require("train", "reading pictures", "PIL")
    from PIL import Image

    content = io.BytesIO(file.content) if isinstance(file.content, bytes) else file.content
    try:
        with warnings.catch_warnings():
            # Pillow only warns of a picture that would take gigabytes, up to twice its limit.
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(content, formats=_formats()) as picture:
                yield picture
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise InputError(
            f"{file.name} claims more than the {Image.MAX_IMAGE_PIXELS:,} pixels that are safe to "
            "decode: leave it out, or make it smaller."
        ) from error
    except InputError:
        raise
    except (OSError, SyntaxError, ValueError, EOFError, MemoryError, struct.error) as error:
        raise InputError(f"{file.name} is damaged, or not a picture: {error}.") from error
