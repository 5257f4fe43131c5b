"""What a pixel is by its type, and that pixels are what a model can be trained on."""

import math

import numpy as np
from jaxtyping import Float32, Shaped

from fluvial.errors import InputError

__all__ = ["checked_pixels", "checked_range", "to_unit"]

_BYTE = 255
_AXES = (2, 3, 4)
_BLOCK = 1024
_LARGEST = float(np.finfo(np.float32).max)


def to_unit(pixels: Shaped[np.ndarray, "..."]) -> Float32[np.ndarray, "..."]:
    """Turn pixels into float32: bool into 0 and 1, uint8 into v / 255; floats stay as they are.

    Example:
        >>> to_unit(np.array([0, 51, 255], np.uint8))
        array([0. , 0.2, 1. ], dtype=float32)
    """
    scale = _BYTE if pixels.dtype == np.uint8 else 1
    return pixels.astype(np.float32) / np.float32(scale)


def checked_pixels(values: np.ndarray, where: str) -> Shaped[np.ndarray, "N ..."]:
    """Check that an array holds images, and give it one of the three types of pixels.

    Integers and floats that are all 0 or 1 become bool, other integers of 0..255 uint8, other
    floats float32.

    Args:
        values: any array.
        where: what the complaint names.

    Returns:
        (N, D), (N, height, width) or (N, height, width, channels); bool, uint8 or float32.

    Raises:
        InputError: if it holds labels, NaN, infinities, numbers that no image has, or nothing.

    Example:
        >>> checked_pixels(np.array([[0.0, 1.0], [1.0, 1.0]]), "x").dtype
        dtype('bool')
    """
    low, high = checked_range(values, where)
    pixels = _typed(values, low, high, where)
    _check_not_one_hot(pixels, where)
    return pixels


def checked_range(values: np.ndarray, where: str) -> tuple[float, float]:
    """Check that an array has the shape of images and finite numbers; return their range.

    Raises:
        InputError: if it has not.

    Example:
        >>> checked_range(np.array([[0.0, 0.5]]), "x")
        (0.0, 0.5)
    """
    if values.dtype.kind not in "buif":
        raise InputError(f"{where} holds {values.dtype} values: give images of real numbers.")
    _check_shape(values, where)
    low, high = float(values.min()), float(values.max())
    if not (math.isfinite(low) and math.isfinite(high)):
        raise _not_finite(values, where)
    if max(-low, high) > _LARGEST:
        raise InputError(
            f"{where} has pixels from {low:.4g} to {high:.4g}, which float32 cannot hold: rescale "
            "them."
        )
    return low, high


def _check_shape(values: np.ndarray, where: str) -> None:
    if values.ndim == 1 or (values.ndim == 2 and values.shape[1] == 1):
        raise InputError(
            f"{where} has shape {values.shape}, one number for each image, as labels have: give "
            "the images, of shape (N, height, width)."
        )
    if values.ndim not in _AXES:
        raise InputError(
            f"{where} has shape {values.shape}: give images of shape (N, D), (N, height, width) "
            "or (N, height, width, channels)."
        )
    if values.size == 0:
        raise InputError(f"{where} has shape {values.shape}: there is no image in it.")


def _not_finite(values: np.ndarray, where: str) -> InputError:
    broken = ~np.isfinite(values)
    count = int(np.count_nonzero(broken))
    first = tuple(int(i) for i in np.unravel_index(int(np.argmax(broken)), values.shape))
    return InputError(
        f"{where} has NaN or infinite pixels, {count} of them, the first at index {first}: "
        "replace them, or leave these images out."
    )


def _typed(values: np.ndarray, low: float, high: float, where: str) -> np.ndarray:
    if values.dtype == bool:
        return values
    if low >= 0 and high <= 1 and _only_zeros_and_ones(values):
        return values.astype(bool)
    if values.dtype.kind == "f":
        return values.astype(np.float32)
    if low < 0 or high > _BYTE:
        raise InputError(
            f"{where} holds integers from {low:.0f} to {high:.0f}, which uint8 does not: divide "
            "them by the largest that a pixel can be, to give floats in [0, 1]."
        )
    return values.astype(np.uint8)


def _only_zeros_and_ones(values: np.ndarray) -> bool:
    """Look in blocks, most often at the first alone: a whole comparison would copy all images."""
    blocks = (values[start : start + _BLOCK] for start in range(0, len(values), _BLOCK))
    return all(bool(np.all((block == 0) | (block == 1))) for block in blocks)


def _check_not_one_hot(pixels: np.ndarray, where: str) -> None:
    flags = pixels.ndim == 2 and pixels.dtype == bool and len(pixels) > 1
    if flags and np.all(pixels.sum(axis=1) == 1):
        raise InputError(
            f"{where} has exactly one 1 in each row, as one-hot labels have: give the images."
        )
