"""Words in two pictures: other ones, ones that have changed places, labels of further ticks."""

from collections.abc import Iterator, Sequence
from itertools import combinations, permutations
from typing import Any

import numpy as np
from jaxtyping import Float

from fluvial.replication.compare.word_boxes import Box, word_boxes

__all__ = ["exchanged_words", "further_labels", "other_words", "without"]

# In pixels of a picture that is twice ``scenes.SIDE`` wide.
_HEIGHTS, _WIDTHS = (5, 24), (8, 120)
_REACH = 3
# How alike a word is to itself when another version of the library draws it; by how much more to
# itself elsewhere than to the word at its own place.
_ALIKE = 0.6
_MORE = 0.25
_SIZES = 1.4
_MOST = 60
# How far a word may move, and how unlike what is there is to it if it is another one.
_FAR = 8
# By how much letters of another font are wider or narrower.
_STRETCHES = (1.0, 0.94, 1.06, 0.88, 1.12, 0.82, 1.18)
_OTHER = 0.45
# What is seen of a range of 1 where nothing is, and how far from its place in a row a label may be,
# of its width.
_NOTHING = 0.1
_ASIDE = 0.35


def exchanged_words(
    recorded: Float[np.ndarray, "H W 3"], local: Float[np.ndarray, "H W 3"]
) -> bool:
    """Whether two words of one picture are in each other's place in the other.

    A word drawn by another version of a library is a little unlike itself. Two that have changed
    places are both more like each other's place than their own.

    Args:
        recorded: RGB from 0 to 1.
        local: of the same shape, and so that it lies on the recorded one.
    """
    a, b = recorded.mean(axis=2), local.mean(axis=2)
    doubtful = [box for box in _words(a) if _likeness(a, b, box, box) < _ALIKE][:_MOST]
    return any(_have_changed(a, b, p, q) for p, q in combinations(doubtful, 2))


def other_words(recorded: Float[np.ndarray, "H W 3"], local: Float[np.ndarray, "H W 3"]) -> bool:
    """Whether a word of one picture is nowhere near its place in the other, but another one is.

    Args:
        recorded: RGB from 0 to 1.
        local: of the same shape, and so that it lies on the recorded one.
    """
    a, b = recorded.mean(axis=2), local.mean(axis=2)
    doubtful = [box for box in _words(a) if _likeness(a, b, box, box) < _OTHER][:_MOST]
    return any(
        not _is_empty(b, box) and _likeness_in_any_letters(a, b, box) < _OTHER for box in doubtful
    )


def further_labels(
    recorded: Float[np.ndarray, "H W 3"], local: Float[np.ndarray, "H W 3"]
) -> list[Box]:
    """Return where one picture has a label of a tick, next in a row of such, and the other none.

    Whether the ticks at the ends of an axis are labeled has changed with the versions of libraries.

    Args:
        recorded: RGB from 0 to 1.
        local: of the same shape, and so that it lies on the recorded one.
    """
    a, b = recorded.mean(axis=2), local.mean(axis=2)
    found: list[Box] = []
    for here, there in ((a, b), (b, a)):
        words = list(_words(here))
        further = [box for box in words if _is_empty(there, box)]
        if not further:
            continue
        shared = [box for box in words if _likeness(here, there, box, box) >= _ALIKE]
        found += [box for box in further if _is_next(box, shared)]
    return found


def without(
    picture: Float[np.ndarray, "h w 3"], words: Sequence[Box], color: Float[np.ndarray, "3"]
) -> Float[np.ndarray, "h w 3"]:
    """Return a picture of half the size that words were found in, without these."""
    plain = picture.copy()
    for rows, columns in words:
        top, left = max(0, rows.start // 2 - 1), max(0, columns.start // 2 - 1)
        plain[top : rows.stop // 2 + 2, left : columns.stop // 2 + 2] = color
    return plain


def _is_next(label: Box, others: Sequence[Box]) -> bool:
    """Whether a label is at an end of a row: as far from another one as that is from a third."""
    x, y = _center(label)
    centers = [_center(other) for other in others]
    aside = _ASIDE * (label[1].stop - label[1].start), (label[0].stop - label[0].start) / 2

    def is_there(u: float, v: float, p: float, q: float) -> bool:
        return abs(u - p) <= aside[0] and abs(v - q) <= aside[1]

    return any(
        is_there(2 * u - p, 2 * v - q, x, y)
        and not any(is_there(2 * x - u, 2 * y - v, *other) for other in centers)
        for (u, v), (p, q) in permutations(centers, 2)
    )


def _center(box: Box) -> tuple[float, float]:
    rows, columns = box
    return (columns.start + columns.stop) / 2, (rows.start + rows.stop) / 2


def _is_empty(picture: np.ndarray, box: Box) -> bool:
    part = picture[box]
    return bool(np.ptp(part) <= _NOTHING)


def _have_changed(a: np.ndarray, b: np.ndarray, p: Box, q: Box) -> bool:
    if not _of_one_size(p, q):
        return False
    return all(
        _likeness(a, b, here, there) > _likeness(a, b, here, here) + _MORE
        for here, there in ((p, q), (q, p))
    )


def _words(picture: Float[np.ndarray, "H W"]) -> Iterator[Box]:
    """Yield words of more than one letter."""
    for rows, columns in word_boxes(picture, _HEIGHTS, _WIDTHS):
        if columns.stop - columns.start > rows.stop - rows.start:
            yield rows, columns


def _of_one_size(p: Box, q: Box) -> bool:
    sizes = [[side.stop - side.start for side in box] for box in (p, q)]
    return all(max(pair) <= _SIZES * min(pair) for pair in zip(*sizes, strict=True))


def _likeness_in_any_letters(a: np.ndarray, b: np.ndarray, box: Box) -> float:
    """Return the largest correlation of a word, in letters of several widths, with what is near."""
    from scipy.ndimage import zoom

    rows, columns = box
    found = 0.0
    for stretch in _STRETCHES:
        word = np.asarray(a[box])
        if stretch != 1.0:
            factors: Any = (1.0, stretch)  # SciPy's annotations name one number only
            word = np.asarray(zoom(word, factors, order=1))
        left = round((columns.start + columns.stop - word.shape[1]) / 2)
        found = max(found, _correlation(word, b, (rows.start, left), _FAR))
        if found >= _OTHER:
            break
    return found


def _likeness(a: np.ndarray, b: np.ndarray, here: Box, there: Box, reach: int = _REACH) -> float:
    """Return the largest correlation of a word with what is at a place, or close to it."""
    return _correlation(a[here], b, (there[0].start, there[1].start), reach)


def _correlation(word: np.ndarray, b: np.ndarray, place: tuple[int, int], reach: int) -> float:
    word = word - word.mean()
    rows, columns = place
    found = 0.0
    for top in range(rows - reach, rows + reach + 1):
        for left in range(columns - reach, columns + reach + 1):
            patch = b[max(top, 0) : top + word.shape[0], max(left, 0) : left + word.shape[1]]
            if patch.shape == word.shape:
                patch = patch - patch.mean()
                norm = np.sqrt((patch**2).sum() * (word**2).sum()) + 1e-9
                found = max(found, float((patch * word).sum() / norm))
    return found
