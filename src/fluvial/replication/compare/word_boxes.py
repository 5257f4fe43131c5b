"""Where a picture has something as large as a word."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from jaxtyping import Float

__all__ = ["Box", "word_boxes"]

Box = tuple[slice, slice]

# What is seen of a letter, of a range of 1, and how many pixels are between two of a word.
_INK, _GAP = 0.25, 2


def word_boxes(
    picture: Float[np.ndarray, "H W"], heights: tuple[int, int], widths: tuple[int, int]
) -> Iterator[Box]:
    """Yield the rows and columns of whatever stands alone and is as large as a word.

    Args:
        picture: gray, from 0 to 1.
        heights: in pixels, the least and the largest.
        widths: likewise.

    Example:
        >>> picture = np.ones((20, 30))
        >>> picture[5:11, 4:16] = 0.0
        >>> list(word_boxes(picture, (4, 24), (5, 120)))
        [(slice(5, 11, None), slice(2, 18, None))]
    """
    from scipy.ndimage import binary_dilation, find_objects, label

    ink = np.abs(picture - np.median(picture)) > _INK
    joined = binary_dilation(ink, np.ones((1, 2 * _GAP + 1), bool))
    labeled: Any = label(joined, np.ones((3, 3)))  # SciPy's annotations have it a number
    for rows, columns in find_objects(labeled[0]):
        height, width = rows.stop - rows.start, columns.stop - columns.start
        if heights[0] <= height <= heights[1] and widths[0] <= width <= widths[1]:
            yield rows, columns
