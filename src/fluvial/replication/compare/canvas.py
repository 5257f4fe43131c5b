"""Two pictures of nearly one size, laid on one canvas pixel by pixel."""

import numpy as np
from jaxtyping import Float

from fluvial.replication.compare.scenes import background_of

__all__ = ["on_one_canvas"]

_CROPPED = 0.06  # of a side: what labels of another length add to a plot that is cropped
_FRAME = 8  # pixels, at each side


def on_one_canvas(
    recorded: Float[np.ndarray, "H W 3"], local: Float[np.ndarray, "h w 3"]
) -> tuple[Float[np.ndarray, "m n 3"], Float[np.ndarray, "m n 3"]] | None:
    """Lay two pictures on each other by whole pixels, on canvases of one shape.

    A plot is cropped to what it shows, so that one with another label has another size, though all
    else is the same to the pixel. Pictures of one size are returned as they are; None is of two
    whose sizes are further apart.

    Args:
        recorded: RGB from 0 to 1.
        local: likewise.

    Example:
        >>> picture = np.ones((60, 80, 3))
        >>> picture[20:30, 20:30] = 0.0
        >>> a, b = on_one_canvas(picture, picture[:, 2:])
        >>> a.shape, bool(np.array_equal(a, b))
        ((76, 96, 3), True)
    """
    if recorded.shape == local.shape:
        return recorded, local
    sizes = np.array([recorded.shape[:2], local.shape[:2]])
    if np.any(sizes.max(axis=0) - sizes.min(axis=0) > np.ceil(_CROPPED * sizes.max(axis=0))):
        return None
    shape = tuple(int(side) + 2 * _FRAME for side in sizes.max(axis=0))
    a, b = (_framed(picture, shape) for picture in (recorded, local))
    return a, np.roll(b, _shift(a, b), axis=(0, 1))


def _framed(picture: Float[np.ndarray, "H W 3"], shape: tuple[int, ...]) -> np.ndarray:
    height, width = picture.shape[:2]
    canvas = np.empty((*shape, 3))
    canvas[:] = background_of(picture)
    canvas[_FRAME : _FRAME + height, _FRAME : _FRAME + width] = picture
    return canvas


def _shift(a: np.ndarray, b: np.ndarray) -> tuple[int, int]:
    """Return by how many rows and columns the second picture lies on the first one best."""
    spectra = [np.fft.rfft2(_ink(picture)) for picture in (a, b)]
    correlation = np.fft.irfft2(spectra[0] * np.conj(spectra[1]), a.shape[:2])
    rows, columns = np.unravel_index(int(correlation.argmax()), correlation.shape)
    return int(rows), int(columns)


def _ink(picture: np.ndarray) -> Float[np.ndarray, "H W"]:
    gray = picture.mean(axis=2)
    return gray - np.median(gray)
