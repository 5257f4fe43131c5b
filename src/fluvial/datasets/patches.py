"""Small patches cut from images at random places."""

import numpy as np
from jaxtyping import UInt8

__all__ = ["random_patches"]


def random_patches(
    images: UInt8[np.ndarray, "N H W C"],
    count: int,
    seed: int | np.random.SeedSequence,
    size: int = 8,
) -> UInt8[np.ndarray, "count size size C"]:
    """Cut square patches at random places of images chosen at random, both uniform.

    Args:
        images: at least ``size`` high and wide.
        count: how many.
        seed: decides which.
        size: of a side, in pixels.

    Example:
        >>> images = np.arange(2 * 9 * 9 * 3).reshape(2, 9, 9, 3).astype(np.uint8)
        >>> random_patches(images, count=5, seed=0).shape
        (5, 8, 8, 3)
    """
    rng = np.random.default_rng(seed)
    image = rng.integers(len(images), size=count)
    top = rng.integers(images.shape[1] - size + 1, size=count)
    left = rng.integers(images.shape[2] - size + 1, size=count)
    side = np.arange(size)
    rows, columns = top[:, None] + side, left[:, None] + side
    return images[image[:, None, None], rows[:, :, None], columns[:, None, :]]
