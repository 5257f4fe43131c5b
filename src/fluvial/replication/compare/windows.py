"""Two pictures of one size, compared window by window, allowing for a small displacement."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from jaxtyping import Float

__all__ = ["worst_window"]

# In pixels of a picture that is `scenes.SIDE` wide: antialiasing, the width of a letter's stem, and
# how far a label moves when fonts differ.
_BLUR = 1.0
_WINDOW = 11
_REACH = 2
# Contrast below which there is nothing to see, of a range of 1.
_FAINT = 0.02
_FAINT_COLOR = 0.03
# Of two windows, one shows nothing of what the other shows if it has less than this share of its
# contrast. Where both show as much, lines that lie next to each other and letters of another font
# are as unlike as this, of what a hole is: false alarms were below 0.8, holes of a tenth of a
# plot's sides above 0.5.
_LOST = 0.5
_NEITHER_LOST = 0.5 / 0.8


def worst_window(
    recorded: Float[np.ndarray, "H W 3"], local: Float[np.ndarray, "H W 3"]
) -> tuple[float, float]:
    """Return how unlike two pictures are where they are most unlike, in shapes and in colors.

    Each is the mean absolute difference over a window, at the displacement that makes it least,
    relative to the contrast of the window: 0 for the same, about 1 where one of them shows nothing
    of what the other shows. Shapes where both show something count for less, since plots are drawn
    a little otherwise by each version of a library.

    Args:
        recorded: RGB from 0 to 1.
        local: of the same shape.
    """
    a, b = _channels(recorded), _channels(local)
    contrasts = _contrast(a), _contrast(b)
    seen = np.maximum(*contrasts)
    apart = np.full_like(seen, np.inf)
    for dy, dx in _displacements():
        moved = np.roll(b, (dy, dx), axis=(0, 1))
        difference = np.abs(a - moved)
        apart = np.minimum(apart, _window_mean(difference))
    inner = (slice(_REACH, -_REACH), slice(_REACH, -_REACH))
    shape = apart[..., 0] / (seen[..., 0] + _FAINT) * _weight(contrasts[0], contrasts[1])
    color = apart[..., 1:].sum(axis=2) / (seen[..., 1:].sum(axis=2) + _FAINT_COLOR)
    return float(shape[inner].max()), float(color[inner].max())


def _channels(picture: Float[np.ndarray, "H W 3"]) -> Float[np.ndarray, "H W 3"]:
    """Return brightness and two differences of color, blurred."""
    from scipy.ndimage import gaussian_filter

    smooth = gaussian_filter(picture, (_BLUR, _BLUR, 0.0), mode="nearest")
    red, green, blue = np.moveaxis(smooth, 2, 0)
    gray = (red + green + blue) / 3.0
    return np.stack([gray, red - green, (red + green) / 2.0 - blue], axis=2)


def _contrast(channels: Float[np.ndarray, "H W 3"]) -> Float[np.ndarray, "H W 3"]:
    """Return the mean absolute deviation of brightness, and of color from gray, in each window."""
    deviation = np.abs(channels - _window_mean(channels))
    return np.concatenate(
        [_window_mean(deviation[..., :1]), _window_mean(np.abs(channels[..., 1:]))], axis=2
    )


def _weight(
    recorded: Float[np.ndarray, "H W 3"], local: Float[np.ndarray, "H W 3"]
) -> Float[np.ndarray, "H W"]:
    """Return what a difference of shape counts for in each window, by what both of them show."""
    a, b = recorded[..., 0], local[..., 0]
    least = _FAINT / 4.0
    share = (np.minimum(a, b) + least) / (np.maximum(a, b) + least)
    return np.where(share < _LOST, 1.0, _NEITHER_LOST)


def _window_mean(values: Float[np.ndarray, "H W C"]) -> Float[np.ndarray, "H W C"]:
    from scipy.ndimage import uniform_filter

    size: Any = (_WINDOW, _WINDOW, 1)  # SciPy's annotations name one number only
    return uniform_filter(values, size, mode="nearest")


def _displacements() -> Iterator[tuple[int, int]]:
    for dy in range(-_REACH, _REACH + 1):
        for dx in range(-_REACH, _REACH + 1):
            yield dy, dx
