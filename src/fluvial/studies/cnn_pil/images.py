"""Two ways to feed a picture to a network: through Pillow, or as an array."""

import io
from collections.abc import Sequence

import jax
import numpy as np
from jaxtyping import Float32, UInt8

from fluvial.errors import InputError

__all__ = ["from_arrays", "from_png", "to_png"]

_WHITE = np.float32(255)


def to_png(images: UInt8[np.ndarray, "N H W"]) -> list[bytes]:
    """Encode gray pictures as PNG, as they would lie on a disk.

    Example:
        >>> to_png(np.zeros((1, 8, 8), np.uint8))[0][1:4]
        b'PNG'
    """
    return [_encode(image) for image in images]


def from_png(files: Sequence[bytes], side: int) -> Float32[np.ndarray, "N side side"]:
    """Decode pictures by Pillow: convert to gray, resize if necessary, scale to [0, 1].

    Args:
        files: PNG files.
        side: of the pictures that the network takes, in pixels; others are resized, bilinearly.

    Raises:
        InputError: if one of them is not a picture.

    Example:
        >>> from_png(to_png(np.full((1, 8, 8), 51, np.uint8)), side=16)[0, 0, 0]
        np.float32(0.2)
    """
    return np.stack([_decode(i, file, side) for i, file in enumerate(files)]) / _WHITE


def from_arrays(
    images: UInt8[np.ndarray, "N H W"], side: int
) -> Float32[np.ndarray, "N side side"]:
    """Scale pictures to [0, 1]; resize if necessary, bilinearly, without rounding to 255ths.

    Args:
        images: gray pictures.
        side: of the pictures that the network takes, in pixels.

    Example:
        >>> from_arrays(np.full((1, 8, 8), 51, np.uint8), side=16)[0, 0, 0]
        np.float32(0.2)
    """
    scaled = images.astype(np.float32) / _WHITE
    if images.shape[1:] == (side, side):
        return scaled
    return np.asarray(jax.image.resize(scaled, (len(images), side, side), "bilinear"))


def _encode(image: UInt8[np.ndarray, "H W"]) -> bytes:
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(image).save(file, format="PNG")
    return file.getvalue()


def _decode(i: int, file: bytes, side: int) -> Float32[np.ndarray, "side side"]:
    from PIL import Image

    try:
        with Image.open(io.BytesIO(file)) as picture:
            gray = picture.convert("L")
    except OSError as error:  # Pillow's UnidentifiedImageError among them
        raise InputError(f"picture {i} cannot be decoded: give whole PNG files.") from error
    if gray.size != (side, side):
        gray = gray.resize((side, side), Image.Resampling.BILINEAR)
    return np.asarray(gray, dtype=np.float32)
