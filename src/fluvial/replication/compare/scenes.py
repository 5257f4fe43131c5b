"""What two pictures show, brought to one scale and one place."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

__all__ = ["SIDE", "Move", "background_of", "content_box", "registration", "with_margin"]

SIDE = 200
"""The longer side, in pixels, of the pictures that are compared."""

# What differs less from the background, of a range of 1, is not seen.
_SEEN = 0.02
# Every so many pixels, and by how much more each side is stretched.
_SEARCH = (
    (2, np.array([0.0, -0.06, -0.03, 0.03, 0.06])),
    (2, np.array([0.0, -0.02, -0.01, 0.01, 0.02])),
    (1, np.array([0.0, -0.005, 0.005])),
)
_MARGIN = 0.06  # of the longer side
_MOST_SHIFT = 0.08


def content_box(picture: Float[np.ndarray, "H W 3"]) -> tuple[int, int, int, int] | None:
    """Return the left, upper, right and lower edge of what is not background; None if all is."""
    seen = np.abs(picture - background_of(picture)).max(axis=2) > _SEEN
    if not seen.any():
        return None
    rows, columns = np.flatnonzero(seen.any(axis=1)), np.flatnonzero(seen.any(axis=0))
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def background_of(picture: Float[np.ndarray, "H W 3"]) -> Float[np.ndarray, "3"]:
    """Return the color that most of the upper and the lower edge of a picture have."""
    return np.median(np.concatenate([picture[0], picture[-1]]), axis=0)


def with_margin(
    picture: Float[np.ndarray, "H W 3"], color: Float[np.ndarray, "3"]
) -> Float[np.ndarray, "h w 3"]:
    """Add a margin of one color around a picture, so that nothing is lost where it is shifted."""
    height, width = picture.shape[:2]
    margin = round(_MARGIN * max(height, width))
    framed = np.empty((height + 2 * margin, width + 2 * margin, 3))
    framed[:] = color
    framed[margin:-margin, margin:-margin] = picture
    return framed


@dataclass(frozen=True)
class Move:
    """How a picture is stretched about its center, and shifted by shares of its sides."""

    stretch: tuple[float, float]
    shift: tuple[float, float]

    def of(self, picture: Float[np.ndarray, "H W 3"]) -> Float[np.ndarray, "H W 3"]:
        """Return a picture moved so."""
        height, width = picture.shape[:2]
        return _stretched(picture, *self.stretch, self.shift[0] * height, self.shift[1] * width)


def registration(recorded: Float[np.ndarray, "H W 3"], local: Float[np.ndarray, "H W 3"]) -> Move:
    """Return the small move of a local picture that lays it on the recorded one.

    Fonts of another size move the axes of a plot. Stretches of up to 9 % are tried in each
    direction, from coarse to fine; the best shift for each is the maximum of the cross-correlation.
    """
    target, source = recorded.mean(axis=2), local.mean(axis=2)
    best = -np.inf, (1.0, 1.0, 0.0, 0.0)
    for zoom, steps in _SEARCH:
        spectrum, norm = _spectrum(target[::zoom, ::zoom])
        small = source[::zoom, ::zoom]
        y, x = best[1][:2]
        best = -np.inf, best[1]
        for sy in y + steps:
            for sx in x + steps:
                moved = _stretched(small[..., None], sy, sx, 0.0, 0.0)[..., 0]
                moved = moved - np.median(moved)
                score, dy, dx = _best_shift(moved, spectrum, small.shape)
                # Of two that fit alike, the one that changes less.
                score = score / (np.linalg.norm(moved) + 1e-9) / norm
                score -= 0.02 * (abs(sy - 1.0) + abs(sx - 1.0))
                best = max(best, (score, (sy, sx, float(zoom * dy), float(zoom * dx))))
    sy, sx, dy, dx = best[1]
    return Move((sy, sx), (dy / target.shape[0], dx / target.shape[1]))


def _spectrum(picture: Float[np.ndarray, "H W"]) -> tuple[np.ndarray, float]:
    picture = picture - np.median(picture)
    return np.conj(np.fft.rfft2(picture)), float(np.linalg.norm(picture)) + 1e-9


def _best_shift(
    picture: Float[np.ndarray, "h w"], spectrum: np.ndarray, shape: tuple[int, ...]
) -> tuple[float, int, int]:
    correlation = np.fft.irfft2(spectrum * np.fft.rfft2(picture), shape)
    reach = [max(1, int(_MOST_SHIFT * side)) for side in shape]
    near = np.roll(correlation, reach, axis=(0, 1))[: 2 * reach[0] + 1, : 2 * reach[1] + 1]
    dy, dx = np.unravel_index(int(near.argmax()), near.shape)
    return float(near.max()), int(dy) - reach[0], int(dx) - reach[1]


def _stretched(
    picture: Float[np.ndarray, "H W C"], sy: float, sx: float, dy: float, dx: float
) -> Float[np.ndarray, "H W C"]:
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
