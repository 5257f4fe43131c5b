"""Levels of 256 spread over the unit interval, so that pixels have a density."""

import numpy as np
from jaxtyping import Float32, Shaped

from fluvial.errors import InputError

__all__ = ["dequantize"]

_LEVELS = 256
_BLOCK = 4096


def dequantize(pixels: Shaped[np.ndarray, "N ..."], seed: int = 0) -> Float32[np.ndarray, "N ..."]:
    r"""Add uniform noise to levels: (level + u)/256 with u in [0, 1).

    A density on levels as they are can be made as high as one likes. With the noise the mean of
    ln p of D numbers, p a density on the unit cube, bounds a log likelihood of the levels,

    .. math:: \ln P(\text{levels}) \ge E_u[\ln p] - D \ln 256

    which in bits per dimension, :math:`-(E_u[\ln p] / D - \ln 256)/\ln 2`, is comparable between
    models (Theis, van den Oord & Bethge 2016, "A note on the evaluation of generative models",
    section 3.1). With one seed the same numbers come out on every machine.

    Args:
        pixels: bytes.
        seed: decides the noise.

    Raises:
        InputError: if the pixels are not bytes.

    Example:
        >>> levels = np.full((1, 100, 100), 51, np.uint8)
        >>> noisy = dequantize(levels)
        >>> bool((noisy >= 51 / 256).all() and (noisy < 52 / 256).all()), noisy.dtype
        (True, dtype('float32'))
    """
    if pixels.dtype != np.uint8:
        raise InputError(f"pixels of {pixels.dtype} have no levels to dequantize: give bytes.")
    rng = np.random.default_rng(seed)
    spread = np.empty(pixels.shape, np.float32)
    for start in range(0, len(pixels), _BLOCK):
        block = pixels[start : start + _BLOCK]
        # In float32 255 + u can round to 256, which is not part of the level.
        noise = np.minimum(rng.random(block.shape, np.float32), np.float32(1 - 2**-16))
        spread[start : start + _BLOCK] = (block + noise) / np.float32(_LEVELS)
    return spread
