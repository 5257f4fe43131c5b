"""Words in two pictures of one plot, drawn at two resolutions, letter by letter."""

from collections.abc import Iterator

import numpy as np
from jaxtyping import Float
from numpy.lib.stride_tricks import sliding_window_view

from fluvial.replication.compare.word_boxes import Box, word_boxes

__all__ = ["LARGER", "changed_letters"]

# Letters are compared at this many times the smaller resolution, through windows as wide as one.
LARGER = 1.4
"""By how much the smaller of two pictures is enlarged to be read."""
_HEIGHTS, _WIDTHS = (4, 24), (5, 120)
_LETTER, _STEP = 9, 2
_LETTER_BLUR, _LETTER_REACH, _WORD_REACH = 0.8, 4, 16
# How unlike another word is, and how alike others are: which share of the rest must be, and of all,
# and how many words there must be at least. Of 43 plots drawn at 72 and at 80 to 144 dots per inch
# no word was below 0.53 in the other picture, and none below 0.66 where the rest were alike.
_OTHER, _ALIKE = 0.55, 0.8
_OF_REST, _OF_ALL, _FEWEST = 0.94, 0.75, 8
_MOST = 300  # speed: more are of a picture of which not only words would have to be read


def changed_letters(recorded: Float[np.ndarray, "H W 3"], local: Float[np.ndarray, "H W 3"]) -> int:
    """Count the words of two pictures of one plot, drawn at two resolutions, that are other words.

    Each resolution draws letters a little otherwise. Where nearly all the others are alike
    letter by letter, one that is not is another word; it is counted in both pictures.

    Args:
        recorded: scaled to ``LARGER`` times the smaller picture, with a margin, RGB from 0 to 1.
        local: likewise, so that it lies on the recorded one.

    Example:
        >>> changed_letters(np.ones((60, 60, 3)), np.ones((60, 60, 3)))
        0
    """
    alike = _likenesses(recorded, local)
    others, same = int(np.sum(alike < _OTHER)), int(np.sum(alike >= _ALIKE))
    if len(alike) < _FEWEST or same < max(_OF_ALL * len(alike), _OF_REST * (len(alike) - others)):
        return 0
    return others


def _likenesses(
    recorded: Float[np.ndarray, "H W 3"], local: Float[np.ndarray, "H W 3"]
) -> Float[np.ndarray, " N"]:
    """Return how alike each word of either picture is to the other where it is most unlike."""
    from scipy.ndimage import gaussian_filter

    a, b = (gaussian_filter(p.mean(axis=2), _LETTER_BLUR) for p in (recorded, local))
    words = [(*pair, box) for pair in ((a, b), (b, a)) for box in _words(pair[0])]
    if len(words) > _MOST:
        return np.zeros(0)
    return np.array([_least_likeness(*word) for word in words])


def _words(picture: Float[np.ndarray, "H W"]) -> Iterator[Box]:
    """Yield words, with a pixel around."""
    for rows, columns in word_boxes(picture, _HEIGHTS, _WIDTHS):
        yield (
            slice(max(rows.start - 1, 0), rows.stop + 1),
            slice(max(columns.start - 1, 0), columns.stop + 1),
        )


def _least_likeness(a: Float[np.ndarray, "H W"], b: Float[np.ndarray, "H W"], box: Box) -> float:
    """Return the least correlation of a word's letters with what is where the word is, or near."""
    rows, columns = box
    down, right = _displacement(a, b, box)
    lefts = range(columns.start, max(columns.start + 1, columns.stop - _LETTER + 1), _STEP)
    letters = ((left, a[rows, left : min(left + _LETTER, columns.stop)]) for left in lefts)
    return min(
        _correlations(letter, b, rows.start + down, left + right, _LETTER_REACH)[0].max()
        for left, letter in letters
    )


def _displacement(
    a: Float[np.ndarray, "H W"], b: Float[np.ndarray, "H W"], box: Box
) -> tuple[int, int]:
    """Return by how many rows and columns a word has moved, as the entries of a legend do."""
    rows, columns = box
    found, (top, left) = _correlations(a[box], b, rows.start, columns.start, _WORD_REACH)
    down, right = np.unravel_index(int(found.argmax()), found.shape)
    return top + int(down) - rows.start, left + int(right) - columns.start


def _correlations(
    part: Float[np.ndarray, "h w"], b: Float[np.ndarray, "H W"], top: int, left: int, reach: int
) -> tuple[Float[np.ndarray, "m n"], tuple[int, int]]:
    """Return the correlations of a part with what is near a place, and where the first of it is."""
    height, width = part.shape
    first = (
        max(min(top, b.shape[0] - height) - reach, 0),
        max(min(left, b.shape[1] - width) - reach, 0),
    )
    near = b[first[0] : top + height + reach, first[1] : left + width + reach]
    windows = sliding_window_view(near, part.shape)
    windows = windows - windows.mean(axis=(2, 3), keepdims=True)
    part = part - part.mean()
    norms = np.sqrt((windows**2).sum(axis=(2, 3)) * (part**2).sum()) + 1e-9
    return (windows * part).sum(axis=(2, 3)) / norms, first
