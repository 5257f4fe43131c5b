"""Two pictures, compared as an eye would."""

import base64
import binascii
import io
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float

from fluvial.replication.compare.difference import Difference, Kind
from fluvial.replication.compare.tolerance import Tolerance

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["compare_images", "similarity"]

# Fonts differ a little from machine to machine, and with them the size of a cropped figure.
_SIZE_SLACK = 0.1
_WINDOW = 7
# What varies less than this around a pixel, of a range of 1, is plain background.
_PLAIN = 1e-3


def compare_images(
    recorded: str, local: str, tolerance: Tolerance, place: str
) -> Iterator[Difference]:
    """Compare two pictures, each in base64 as notebooks keep them.

    Pictures whose sides differ by at most a tenth are scaled to one size; all others differ.
    """
    a, b = _picture(recorded), _picture(local)
    if a is None or b is None:
        if recorded.strip() != local.strip():
            texts = _size(a), _size(b)
            yield Difference(Kind.IMAGE, place, None, *texts, None, False, "cannot be read")
        return
    sizes = _size(a), _size(b)
    if any(abs(y - x) > _SIZE_SLACK * x for x, y in zip(a.size, b.size, strict=True)):
        yield Difference(Kind.IMAGE, place, None, *sizes, None, False, "another size")
        return
    score = similarity(_pixels(a), _pixels(b.resize(a.size) if a.size != b.size else b))
    if score < 1.0:
        near = score >= tolerance.similarity
        reason = f"structural similarity {score:.3f}"
        yield Difference(Kind.IMAGE, place, None, *sizes, 1.0 - score, near, reason)


def similarity(recorded: Float[np.ndarray, "H W 3"], local: Float[np.ndarray, "H W 3"]) -> float:
    """Return the structural similarity of two pictures where either of them shows anything.

    A plain background, which two plots share whatever they plot, does not count: the index of
    Wang et al. (2004) is averaged over the pixels whose surroundings vary in either picture.

    Args:
        recorded: RGB from 0 to 1.
        local: of the same shape.

    Example:
        >>> similarity(np.zeros((20, 20, 3)), np.zeros((20, 20, 3)))
        1.0
    """
    if np.array_equal(recorded, local):
        return 1.0
    from skimage.metrics import structural_similarity

    if min(recorded.shape[:2]) < _WINDOW:
        return 1.0 - float(np.mean(np.abs(recorded - local)))
    index = structural_similarity(
        recorded, local, win_size=_WINDOW, data_range=1.0, channel_axis=2, full=True
    )[1]
    seen = _varies(recorded) | _varies(local) | (np.abs(recorded - local).max(axis=2) > _PLAIN)
    return float(np.clip(index[seen].mean(), 0.0, np.nextafter(1.0, 0.0)))


def _varies(picture: Float[np.ndarray, "H W 3"]) -> np.ndarray:
    from scipy.ndimage import maximum_filter, minimum_filter

    size = (_WINDOW, _WINDOW, 1)
    spread = maximum_filter(picture, size) - minimum_filter(picture, size)
    return spread.max(axis=2) > _PLAIN


def _size(picture: "Image | None") -> str:
    return "not a picture" if picture is None else f"{picture.width}×{picture.height}"


def _picture(encoded: str) -> "Image | None":
    from PIL import Image, UnidentifiedImageError

    try:
        picture = Image.open(io.BytesIO(base64.b64decode(encoded)))
        picture.load()
    except (UnidentifiedImageError, OSError, ValueError, binascii.Error, SyntaxError):
        return None
    except Image.DecompressionBombError:
        return None
    return picture


def _pixels(picture: "Image") -> Float[np.ndarray, "H W 3"]:
    """Return RGB from 0 to 1, on white where the picture is transparent."""
    from PIL import Image

    with_alpha = picture.convert("RGBA")
    white = Image.new("RGBA", picture.size, "white")
    return np.asarray(Image.alpha_composite(white, with_alpha).convert("RGB"), np.float64) / 255.0
