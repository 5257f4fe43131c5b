"""Small changes in pictures that are elsewhere the same to the pixel."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from jaxtyping import Bool, Float
from numpy.lib.stride_tricks import sliding_window_view

__all__ = ["changed_details"]

Box = tuple[slice, slice]

_INK = 0.1  # what is seen, of a range of 1
_SAME = 0.02
# Which share of all edges must be the same for the rest to be changes: of 150 public plots that
# another version of a library drew alike, those with anything as unlike as a change had at most
# 0.93, but for one in three dimensions.
_SHARE = 0.94
_GAP = 2  # pixels around what belongs together
_REACH = 3  # how far it may move
_BLUR = 0.7  # pixels: where between two pixels an edge lies is not seen
# By how much pixels differ of what is drawn otherwise, and how many do at least.
_STRONG = 0.35
_PIXELS = 3


def changed_details(recorded: Float[np.ndarray, "H W 3"], local: Float[np.ndarray, "H W 3"]) -> int:
    """Count the places at which two pictures differ that are elsewhere the same to the pixel.

    So a point that is gone, a line that is dashed and a letter that is another one are seen,
    however small they are in the whole. What has moved by a few pixels is the same, and so is what
    only one of them has beside the plots, such as the label of a further tick.

    Args:
        recorded: RGB from 0 to 1.
        local: of the same shape, and so that it lies on the recorded one.

    Example:
        >>> picture = np.ones((60, 60, 3))
        >>> picture[5:50, 5:50] = 0.5
        >>> with_dot = picture.copy()
        >>> with_dot[20:25, 20:25] = 0.0
        >>> changed_details(picture, with_dot), changed_details(picture, picture)
        (1, 0)
    """
    from scipy.ndimage import gaussian_filter

    inks = [_ink(picture) for picture in (recorded, local)]
    apart = np.abs(recorded - local).max(axis=2)
    edges = _edges(recorded) | _edges(local)
    if not edges.any() or np.mean(apart[edges] <= _SAME) < _SHARE:
        return 0
    a, b = (gaussian_filter(p, (_BLUR, _BLUR, 0.0), mode="nearest") for p in (recorded, local))
    plots, other = _largest(inks[0] & inks[1]), apart > _INK
    return sum(
        _unlike(a, b, box, within) >= _PIXELS
        for box, within in _places(other)
        if all((ink[box] & other[box] & within).any() for ink in inks) or _is_inside(box, plots)
    )


def _ink(picture: Float[np.ndarray, "H W 3"]) -> Bool[np.ndarray, "H W"]:
    return np.abs(picture - np.median(picture, axis=(0, 1))).max(axis=2) > _INK


def _edges(picture: Float[np.ndarray, "H W 3"]) -> Bool[np.ndarray, "H W"]:
    """Return the pixels that differ from one beside them, as those within a surface do not."""
    from scipy.ndimage import maximum_filter, minimum_filter

    gray = picture.mean(axis=2)
    return maximum_filter(gray, 3) - minimum_filter(gray, 3) > _INK


def _places(apart: Bool[np.ndarray, "H W"]) -> Iterator[tuple[Box, Bool[np.ndarray, "h w"]]]:
    """Yield where pictures differ: a box, and what of it belongs together."""
    from scipy.ndimage import binary_dilation, find_objects, label

    side = 2 * _GAP + 1
    labeled: Any = label(binary_dilation(apart, np.ones((side, side), bool)))
    for number, box in enumerate(find_objects(labeled[0]), 1):
        yield box, labeled[0][box] == number


def _largest(ink: Bool[np.ndarray, "H W"]) -> Box | None:
    """Return the box of the largest thing that is drawn: the axes of a plot, with what is in it."""
    from scipy.ndimage import find_objects, label

    labeled: Any = label(ink, np.ones((3, 3)))
    boxes = find_objects(labeled[0])
    return max(boxes, key=_area, default=None)


def _area(box: Box) -> int:
    rows, columns = box
    return (rows.stop - rows.start) * (columns.stop - columns.start)


def _is_inside(box: Box, other: Box | None) -> bool:
    return other is not None and all(
        whole.start <= side.start and side.stop <= whole.stop
        for side, whole in zip(box, other, strict=True)
    )


def _unlike(
    a: Float[np.ndarray, "H W 3"],
    b: Float[np.ndarray, "H W 3"],
    box: Box,
    within: Bool[np.ndarray, "h w"],
) -> int:
    """Count the pixels of a place that differ, at the displacement at which fewest do."""
    part = np.moveaxis(a[box], 2, 0)
    wide = tuple(slice(max(side.start - _REACH, 0), side.stop + _REACH) for side in box)
    near = sliding_window_view(np.moveaxis(b[wide], 2, 0), part.shape)[0]
    unlike = (np.abs(near - part).max(axis=2) > _STRONG) & within
    return int(unlike.sum(axis=(2, 3)).min())
