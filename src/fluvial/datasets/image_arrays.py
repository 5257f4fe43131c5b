"""What an array of images means: where its channels are, and what its numbers are."""

import numpy as np
from jaxtyping import Shaped

from fluvial.datasets.channels import merged, reduced
from fluvial.datasets.pixels import checked_pixels, checked_range
from fluvial.errors import InputError

__all__ = ["check_not_blank", "understood"]

_CHANNELS = (1, 3, 4)
_BYTE = 255
_LIGHT = 127  # images in 255ths reach beyond half of them; digits in 16ths and the like do not
_SAMPLE = 64


def understood(
    values: np.ndarray, where: str, color: bool | None = None, *, as_bytes: bool = True
) -> tuple[Shaped[np.ndarray, "N ..."], tuple[str, ...]]:
    """Guess what an array of images means, and say what was guessed.

    Four axes of which the second is of length 1, 3 or 4 and the last is not have their channels
    first. Floats from 0 to at most 255 that reach beyond 127 are in 255ths, as bytes are. Four
    channels are red, green, blue and alpha.

    Args:
        values: any array.
        where: what complaints name.
        color: see ``read_images``.
        as_bytes: whether floats may be in 255ths; otherwise they stay as they are.

    Returns:
        Pixels as ``checked_pixels`` returns them, and what was guessed, in phrases.

    Raises:
        InputError: as ``checked_pixels`` does, and if all pixels are the same.

    Example:
        >>> pixels, notes = understood(np.arange(192.0).reshape(2, 3, 4, 8), "x")
        >>> pixels.shape, pixels.dtype
        ((2, 4, 8, 3), dtype('uint8'))
        >>> notes
        ('shape (2, 3, 4, 8) is taken as channels first',
         'floats from 0 to 191 are taken as 255ths, unless the likelihood is gaussian')
    """
    low, high = check_not_blank(values, where)
    values, notes = _channels_last(values)
    if as_bytes and values.dtype.kind == "f" and low >= 0 and _LIGHT < high <= _BYTE:
        notes.append(
            f"floats from {low:g} to {high:g} are taken as 255ths, unless the likelihood is "
            "gaussian"
        )
        values = _in_255ths(values)
    elif values.dtype.kind in "iuf" and low >= 0 and 1 < high <= _LIGHT and _whole(values):
        taken = "as they stand" if values.dtype.kind == "f" else "as 255ths"
        notes.append(
            f"whole numbers from 0 to {high:g} are taken {taken}, not as shares of {high:g}"
        )
    pixels = checked_pixels(values, where)
    if pixels.ndim == 4:
        pixels, more = _merged(pixels, color)
        notes += more
    return pixels, tuple(notes)


def check_not_blank(values: np.ndarray, where: str) -> tuple[float, float]:
    """Check an array as ``checked_range`` does, and that its pixels differ; return their range.

    Raises:
        InputError: if it is not so.

    Example:
        >>> check_not_blank(np.zeros((2, 4)), "x")
        Traceback (most recent call last):
        ...
        fluvial.errors.InputError: x is blank, 0 in every pixel: there is nothing to learn from it.
    """
    low, high = checked_range(values, where)
    if low == high:
        raise InputError(
            f"{where} is blank, {low:g} in every pixel: there is nothing to learn from it."
        )
    return low, high


def _channels_last(values: np.ndarray) -> tuple[np.ndarray, list[str]]:
    shape = values.shape
    if values.ndim == 3 and shape[2] in (3, 4) and shape[1] > 4:
        return values, [
            f"shape {shape} is taken as {shape[0]} gray images {shape[2]} wide, not as one in color"
        ]
    if values.ndim != 4:
        return values, []
    first, last = shape[1] in _CHANNELS, shape[3] in _CHANNELS
    if first and not last:
        return np.moveaxis(values, 1, -1), [f"shape {shape} is taken as channels first"]
    if first and last:
        return values, [f"shape {shape} is taken as channels last, though either could be"]
    if not last:
        return values, [f"shape {shape} is taken as {shape[3]} channels"]
    return values, []


def _in_255ths(values: np.ndarray) -> np.ndarray:
    if _whole(values):
        return values.astype(np.uint8)
    return values.astype(np.float32) / np.float32(_BYTE)


def _whole(values: np.ndarray) -> bool:
    if values.dtype.kind != "f":
        return True
    blocks = (values[start : start + _SAMPLE] for start in range(0, len(values), _SAMPLE))
    return all(bool(np.all(block == np.rint(block))) for block in blocks)


def _merged(pixels: np.ndarray, color: bool | None) -> tuple[np.ndarray, list[str]]:
    count = pixels.shape[-1]
    if count == 1:
        return pixels[..., 0], []
    outside = pixels.dtype.kind == "f" and (pixels.min() < 0 or pixels.max() > 1)
    if count not in (3, 4) or outside:
        return pixels, []
    flags = pixels.dtype == bool
    array, notes = _as_pictures(pixels * np.uint8(_BYTE) if flags else pixels, color)
    return (array > 0 if flags else array), notes


def _as_pictures(pixels: np.ndarray, color: bool | None) -> tuple[np.ndarray, list[str]]:
    white = 1 if pixels.dtype.kind == "f" else _BYTE
    pictures = [reduced(picture, white) for picture in pixels]
    left = {picture.shape[-1] for picture in pictures}
    if left == {pixels.shape[-1]} == {3} and color is not False:
        return pixels, []
    notes = []
    if pixels.shape[-1] == 4 and left <= {1, 3}:
        notes.append("the alpha is dropped, since all is opaque")
    if left == {1} and not color:
        notes.append("three equal channels are taken as one")
    array, more = merged(pictures, color, white)
    return array, [*notes, *more]
