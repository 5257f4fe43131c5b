"""What two pictures show, brought to one scale and one place."""

from typing import Any

import numpy as np
from jaxtyping import Float

__all__ = ["SIDE", "content_box", "registered"]

SIDE = 200
"""The longer side, in pixels, of the pictures that are compared."""

# What differs less from the background, of a range of 1, is not seen.
_SEEN = 0.02
_COARSE = np.array([0.0, -0.06, -0.03, 0.03, 0.06])
_FINE = np.array([0.0, -0.02, -0.01, 0.01, 0.02])
_MOST_SHIFT = 0.08


def content_box(picture: Float[np.ndarray, "H W 3"]) -> tuple[int, int, int, int] | None:
    """Return the left, upper, right and lower edge of what is not background; None if all is."""
    background = np.median(np.concatenate([picture[0], picture[-1]]), axis=0)
    seen = np.abs(picture - background).max(axis=2) > _SEEN
    if not seen.any():
        return None
    rows, columns = np.flatnonzero(seen.any(axis=1)), np.flatnonzero(seen.any(axis=0))
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def registered(
    recorded: Float[np.ndarray, "H W 3"], local: Float[np.ndarray, "H W 3"]
) -> Float[np.ndarray, "H W 3"]:
    """Return the local picture, stretched and shifted by a little to lie on the recorded one.

    Fonts of another size move the axes of a plot. Stretches of up to 6 % are tried in each
    direction; the best shift for each is the maximum of the cross-correlation.
    """
    half = recorded[::2, ::2].mean(axis=2)
    half = half - np.median(half)
    spectrum = np.conj(np.fft.rfft2(half))
    small = local[::2, ::2]
    best = -np.inf, (1.0, 1.0, 0, 0)
    for steps in (_COARSE, _FINE):
        _, (y, x, _, _) = best
        for sy in y + steps:
            for sx in x + steps:
                moved = _stretched(small, sy, sx, 0.0, 0.0).mean(axis=2)
                moved = moved - np.median(moved)
                score, dy, dx = _best_shift(moved, spectrum, half.shape)
                # Of two that fit alike, the one that changes less.
                score = score / (np.linalg.norm(moved) + 1e-9) / (np.linalg.norm(half) + 1e-9)
                score -= 0.02 * (abs(sy - 1.0) + abs(sx - 1.0))
                best = max(best, (score, (sy, sx, 2 * dy, 2 * dx)))
    sy, sx, dy, dx = best[1]
    return _stretched(local, sy, sx, float(dy), float(dx))


def _best_shift(
    picture: Float[np.ndarray, "h w"], spectrum: np.ndarray, shape: tuple[int, ...]
) -> tuple[float, int, int]:
    correlation = np.fft.irfft2(spectrum * np.fft.rfft2(picture), shape)
    reach = [max(1, int(_MOST_SHIFT * side)) for side in shape]
    near = np.roll(correlation, reach, axis=(0, 1))[: 2 * reach[0] + 1, : 2 * reach[1] + 1]
    dy, dx = np.unravel_index(int(near.argmax()), near.shape)
    return float(near.max()), int(dy) - reach[0], int(dx) - reach[1]


def _stretched(
    picture: Float[np.ndarray, "H W 3"], sy: float, sx: float, dy: float, dx: float
) -> Float[np.ndarray, "H W 3"]:
    """Stretch about the center, then take what is ``dy, dx`` further."""
    from scipy.ndimage import affine_transform

    if (sy, sx, dy, dx) == (1.0, 1.0, 0.0, 0.0):
        return picture
    height, width = picture.shape[:2]
    scale = np.array([1.0 / sy, 1.0 / sx])
    center = np.array([height - 1, width - 1]) / 2.0
    # SciPy's annotations name one number only for what may be one along each axis.
    offset: Any = center - scale * center + scale * np.array([dy, dx])
    layers = [
        affine_transform(layer, scale, offset, order=1, mode="nearest")
        for layer in np.moveaxis(picture, 2, 0)
    ]
    return np.stack(layers, axis=2)
