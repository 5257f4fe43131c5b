"""Words in two pictures that were drawn by the same version of a library, down to the letter."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from jaxtyping import Bool, Float
from numpy.lib.stride_tricks import sliding_window_view

__all__ = ["changed_words"]

Box = tuple[slice, slice]

_INK = 0.1  # what is seen of a letter, of a range of 1
_GAP = 1  # pixels around the letters of a word
_HEIGHTS, _WIDTHS = (5, 40), (3, 400)
# Which share of the words must be the same to the pixel for the rest to be other words, and how
# many there must be at least.
_SAME = 0.8
_FEWEST = 4
_REACH = 6  # how far a word may move
# By how much pixels differ of another letter, and how many do at least.
_STRONG = 0.3
_PIXELS = 4


def changed_words(recorded: Float[np.ndarray, "H W 3"], local: Float[np.ndarray, "h w 3"]) -> int:
    """Count the words of a picture that the other has not, where most are the same to the pixel.

    Another version of a library, or another font, draws all words a little otherwise. Where it
    draws most of them as they were, one that is not is another word.

    Args:
        recorded: RGB from 0 to 1.
        local: likewise; of another shape there is nothing to count.

    Example:
        >>> changed_words(np.ones((40, 40, 3)), np.ones((40, 40, 3)))
        0
    """
    if recorded.shape != local.shape:
        return 0
    a, b = recorded.mean(axis=2), local.mean(axis=2)
    inks = _ink(a), _ink(b)
    words = list(_words(inks[0] | inks[1]))
    other = [box for box in words if not np.array_equal(a[box], b[box])]
    if len(words) - len(other) < max(_FEWEST, _SAME * len(words)):
        return 0
    # What only one of them has is a label of a further tick, or is seen in the plot as a whole.
    both = [box for box in other if inks[0][box].any() and inks[1][box].any()]
    return sum(_unlike(a, b, box) >= _PIXELS for box in both)


def _ink(picture: Float[np.ndarray, "H W"]) -> Bool[np.ndarray, "H W"]:
    return np.abs(picture - np.median(picture)) > _INK


def _unlike(a: Float[np.ndarray, "H W"], b: Float[np.ndarray, "H W"], box: Box) -> int:
    """Count the pixels of a word that differ, at the displacement at which fewest do."""
    word = a[box]
    wide = [slice(max(side.start - _REACH, 0), side.stop + _REACH) for side in box]
    near = sliding_window_view(b[tuple(wide)], word.shape)
    return int((np.abs(near - word) > _STRONG).sum(axis=(2, 3)).min())


def _words(ink: Bool[np.ndarray, "H W"]) -> Iterator[Box]:
    """Yield where anything is that is as large as a word, and stands alone."""
    from scipy.ndimage import binary_dilation, find_objects, label

    joined = binary_dilation(ink, np.ones((1, 2 * _GAP + 1), bool))
    labeled: Any = label(joined, np.ones((3, 3)))  # SciPy's annotations have it a number
    for rows, columns in find_objects(labeled[0]):
        height, width = rows.stop - rows.start, columns.stop - columns.start - 2 * _GAP
        if _HEIGHTS[0] <= height <= _HEIGHTS[1] and _WIDTHS[0] <= width <= _WIDTHS[1]:
            yield rows, columns
