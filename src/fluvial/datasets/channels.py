"""Transparency and color: which of a picture's channels are the picture."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Shaped

__all__ = ["merged", "reduced"]

_LUMINANCE = np.array([0.299, 0.587, 0.114], np.float32)  # ITU-R BT.601, as Pillow's "L"

Channels = Shaped[np.ndarray, "H W _"]


def reduced(picture: Channels, white: int = 255) -> Channels:
    """Drop the channels that say nothing: an opaque alpha, and colors that are all the same.

    Args:
        picture: gray, gray and alpha, RGB, or RGB and alpha: C is 1, 2, 3 or 4.
        white: the largest value, which is also that of an opaque alpha.

    Returns:
        Its C, again from 1 to 4.

    Example:
        >>> reduced(np.full((2, 2, 4), 255, np.uint8)).shape
        (2, 2, 1)
    """
    colors = 1 if _is_gray(picture) else 3
    color, alpha = picture[..., :colors], picture[..., colors:]
    if alpha.size and alpha.min() == white:
        alpha = alpha[..., :0]
    if color.shape[-1] == 3 and np.all(color == color[..., :1]):
        color = color[..., :1]
    return np.concatenate([color, alpha], axis=-1) if alpha.size else color


def merged(
    pictures: Sequence[Channels], color: bool | None = None, white: int = 255
) -> tuple[Shaped[np.ndarray, "N H W *C"], tuple[str, ...]]:
    """Make one array of pictures of one size that ``reduced`` returned.

    Where the visible color is the same everywhere, the alpha is the picture; otherwise pictures
    are laid on white, or on black if most of what is visible is light. All become gray or all
    become color, as most of them are unless ``color`` decides.

    Args:
        pictures: each of 1 to 4 channels.
        color: True for color, False for gray, None for what most pictures are.
        white: the largest value of a channel.

    Returns:
        (N, H, W) in gray or (N, H, W, 3) in color, and what was done, in phrases.

    Example:
        >>> dot = np.zeros((3, 3, 2), np.uint8)  # black, and transparent but for the middle
        >>> dot[1, 1, 1] = 255
        >>> pixels, notes = merged([dot, dot])
        >>> int(pixels[0, 1, 1]), notes
        (255, ('the alpha is taken as the picture, since the color is the same everywhere',))
    """
    notes: list[str] = []
    if any(_has_alpha(picture) for picture in pictures):
        pictures, note = _opaque(pictures, white)
        notes.append(note)
    colored = [picture.shape[-1] == 3 for picture in pictures]
    if color is None:
        color = 2 * sum(colored) >= len(colored)
    notes += _color_notes(colored, color)
    array = np.empty((len(pictures), *pictures[0].shape[:2], 3 if color else 1), pictures[0].dtype)
    for k, picture in enumerate(pictures):
        array[k] = picture if color else _gray(picture)
    return (array if color else array[..., 0]), tuple(notes)


def _color_notes(colored: Sequence[bool], color: bool) -> list[str]:
    count, total = sum(colored), len(colored)
    if color and count < total:
        return [f"{total - count:,} of {total:,} are gray and were given three equal channels"]
    if not color and count:
        return [f"{count:,} of {total:,} are in color and were turned to gray (--color keeps it)"]
    return []


def _gray(picture: Channels) -> Channels:
    if picture.shape[-1] == 1:
        return picture
    return _as_type_of(picture, picture.astype(np.float32) @ _LUMINANCE)[..., None]


def _opaque(pictures: Sequence[Channels], white: int) -> tuple[list[Channels], str]:
    if _same_alpha(pictures, white):
        note = "the alpha is dropped, since it is the same everywhere"
        return [reduced(picture[..., :-1], white) for picture in pictures], note
    if _same_color(pictures, white):
        note = "the alpha is taken as the picture, since the color is the same everywhere"
        return [_alpha(picture, white) for picture in pictures], note
    light = _visible_mean(pictures, white) > white / 2
    ground = 0 if light else white
    note = f"transparent parts are laid on {'black' if light else 'white'}"
    return [reduced(_laid(picture, ground, white), white) for picture in pictures], note


def _has_alpha(picture: Channels) -> bool:
    return picture.shape[-1] in (2, 4)


def _alpha(picture: Channels, white: int) -> Channels:
    return picture[..., -1:] if _has_alpha(picture) else np.full_like(picture[..., :1], white)


def _same_alpha(pictures: Sequence[Channels], white: int) -> bool:
    ends = {float(end) for p in pictures for a in [_alpha(p, white)] for end in (a.min(), a.max())}
    return len(ends) == 1


def _same_color(pictures: Sequence[Channels], white: int) -> bool:
    """Whether all that is visible has one color: what lies under transparent parts is no matter."""
    found: np.ndarray | None = None
    for picture in pictures:
        seen = _rgb(picture)[_alpha(picture, white)[..., 0] > white / 2]
        if len(seen) == 0:
            continue
        found = seen[0] if found is None else found
        if np.any(seen != found):
            return False
    return True


def _visible_mean(pictures: Sequence[Channels], white: int) -> float:
    light = weight = 0.0
    for picture in pictures:
        alpha = _alpha(picture, white)[..., 0].astype(np.float64)
        light += float(np.sum(alpha * (_rgb(picture).astype(np.float32) @ _LUMINANCE)))
        weight += float(np.sum(alpha))
    return light / max(weight, 1.0)


def _laid(picture: Channels, ground: int, white: int) -> Channels:
    if not _has_alpha(picture):
        return picture
    share = picture[..., -1:].astype(np.float32) / white
    return _as_type_of(picture, share * picture[..., :-1] + (1 - share) * ground)


def _rgb(picture: Channels) -> Channels:
    if _is_gray(picture):
        return np.broadcast_to(picture[..., :1], (*picture.shape[:2], 3))
    return picture[..., :3]


def _is_gray(picture: Channels) -> bool:
    return picture.shape[-1] < 3


def _as_type_of(picture: Channels, values: np.ndarray) -> np.ndarray:
    return (np.rint(values) if picture.dtype == np.uint8 else values).astype(picture.dtype)
