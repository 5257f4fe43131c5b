"""Black or white at random, in proportion to the gray."""

import numpy as np
from jaxtyping import Bool, Shaped

from fluvial.datasets.pixels import to_unit
from fluvial.errors import InputError

__all__ = ["binarize"]

_BLOCK = 4096


def binarize(pixels: Shaped[np.ndarray, "N ..."], seed: int = 0) -> Bool[np.ndarray, "N ..."]:
    """Draw each pixel white with a probability that is its intensity.

    The custom for MNIST since Salakhutdinov & Murray (2008), "On the quantitative analysis of deep
    belief networks". With one seed the same bits come out on every machine, as a validation or a
    test set needs.

    Args:
        pixels: bool (returned as they are), uint8 in 255ths, or floats in [0, 1].
        seed: decides the draws.

    Raises:
        InputError: if a float is outside [0, 1].

    Example:
        >>> gray = np.full((1, 100, 100), 51, np.uint8)
        >>> bool(abs(binarize(gray).mean() - 0.2) < 0.02)
        True
    """
    if pixels.dtype == bool:
        return pixels
    if pixels.dtype.kind == "f" and (pixels.min() < 0 or pixels.max() > 1):
        raise InputError(
            "pixels outside [0, 1] cannot be drawn black or white: rescale them, or choose a "
            "gaussian likelihood."
        )
    rng = np.random.default_rng(seed)
    white = np.empty(pixels.shape, bool)
    for start in range(0, len(pixels), _BLOCK):  # 60,000 images at once would need 400 MB more
        block = to_unit(pixels[start : start + _BLOCK])
        white[start : start + _BLOCK] = rng.random(block.shape, np.float32) < block
    return white
