"""Two pictures, compared as an eye would."""

import base64
import binascii
import io
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float

from fluvial.replication.compare.canvas import on_one_canvas
from fluvial.replication.compare.cause import Cause
from fluvial.replication.compare.details import changed_details
from fluvial.replication.compare.difference import Difference, Kind
from fluvial.replication.compare.letters import changed_words
from fluvial.replication.compare.resized import LARGER, changed_letters
from fluvial.replication.compare.scenes import (
    SIDE,
    background_of,
    content_box,
    registration,
    with_margin,
)
from fluvial.replication.compare.tolerance import Tolerance
from fluvial.replication.compare.windows import worst_window
from fluvial.replication.compare.words import (
    exchanged_words,
    further_labels,
    other_words,
    without,
)

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["OTHER_BACKGROUND", "compare_images", "similarity"]

Box = tuple[int, int, int, int]

# Fonts move the axes of a plot, and with them the shape of what is cropped to its content.
_ASPECT_SLACK = 0.2
# Chosen so that a similarity of 0.9 tells plots of other versions of Matplotlib (at most 0.48
# unlike where they are most unlike) from plots with a hole of a tenth of their sides (21 of 22
# above 0.59).
_PER_UNLIKENESS = 0.2
_LEAST_SIDE = 32
_SAME_COLOR = 0.02
_GRAY = 0.05  # between the least and the largest of red, green and blue, of a range of 1
OTHER_BACKGROUND = "on another background"
"""What is said of a plot that was drawn in another style."""
# From where on windows alone tell, and what other words count for.
_DOUBTFUL, _OTHER_WORDS = 1.5, 1.5


def compare_images(
    recorded: str, local: str, tolerance: Tolerance, place: str
) -> Iterator[Difference]:
    """Compare two pictures, each in base64 as notebooks keep them.

    What they show is brought to one scale and compared where it is most unlike, in shapes and in
    colors. A plot drawn in another size is the same plot; one of another shape is not.
    """
    a, b = _picture(recorded), _picture(local)
    if a is None or b is None:
        if recorded.strip() != local.strip():
            texts = _size(a), _size(b)
            yield Difference(Kind.IMAGE, place, None, *texts, None, False, "cannot be read")
        return
    before, after = _pixels(a), _pixels(b)
    if before.shape == after.shape and np.array_equal(before, after):
        return
    sizes = _size(a), _size(b)
    if not _same_shape(before, after):
        yield Difference(Kind.IMAGE, place, None, *sizes, None, False, "of another shape")
        return
    score = similarity(before, after)
    near = score >= tolerance.similarity
    reason = f"similarity {score:.3f} where they are most unlike"
    if near and tolerance.similarity > 0.0 and (changes := _small_changes(before, after)):
        near, reason = False, f"{reason}, and {changes} changed"
    if not near and _on_other_background(before, after):
        reason = f"{reason}, {OTHER_BACKGROUND}"
    cause = Cause.LIBRARY_PRINTING if near else None
    yield Difference(Kind.IMAGE, place, None, *sizes, 1.0 - score, near, reason, cause)


def similarity(recorded: Float[np.ndarray, "H W 3"], local: Float[np.ndarray, "h w 3"]) -> float:
    """Return how alike two pictures are where they are most unlike, from 0 to 1.

    The margins are cropped, the local picture is stretched and shifted to lie on the recorded one,
    and both are compared window by window.

    Args:
        recorded: RGB from 0 to 1.
        local: likewise, of any size.

    Example:
        >>> similarity(np.zeros((20, 20, 3)), np.zeros((20, 20, 3)))
        1.0
        >>> similarity(np.zeros((20, 20, 3)), np.ones((20, 20, 3)))
        0.0
    """
    if recorded.shape == local.shape and np.array_equal(recorded, local):
        return 1.0
    before, after = content_box(recorded), content_box(local)
    smallest = min(*recorded.shape[:2], *local.shape[:2])
    if before is None or after is None or smallest < _LEAST_SIDE:
        before = (0, 0, recorded.shape[1], recorded.shape[0])
        after = (0, 0, local.shape[1], local.shape[0])
    unlike = min(_unlikeness(recorded, local, before, after), 1.0 / _PER_UNLIKENESS)
    return float(min(1.0 - _PER_UNLIKENESS * unlike, np.nextafter(1.0, 0.0)))


def _small_changes(recorded: np.ndarray, local: np.ndarray) -> str:
    """Say how many words or places of two pictures changed that are elsewhere the same."""
    pair = on_one_canvas(recorded, local)
    words = changed_words(recorded, local) if pair else _words_when_resized(recorded, local)
    if words:
        return f"{words} of their words"
    places = changed_details(*pair) if pair else 0
    return f"{places} small {'part' if places == 1 else 'parts'}" if places else ""


def _words_when_resized(recorded: np.ndarray, local: np.ndarray) -> int:
    before, after, background = content_box(recorded), content_box(local), background_of(recorded)
    if before is None or after is None:
        return 0
    side = min(max(_sides(before, recorded)), max(_sides(after, local)))
    a, b = _scenes(recorded, local, before, after, round(LARGER * side))
    return changed_letters(with_margin(a, background), with_margin(b, background))


def _unlikeness(recorded: np.ndarray, local: np.ndarray, before: Box, after: Box) -> float:
    """Return how unlike two pictures are where they are most unlike, in shapes, colors or words."""
    background = background_of(recorded)

    def scenes(side: int) -> tuple[np.ndarray, np.ndarray]:
        a, b = _scenes(recorded, local, before, after, side)
        return with_margin(a, background), with_margin(b, background)

    a, b = scenes(SIDE)
    move = registration(a, b)
    b = move.of(b)
    unlike = max(worst_window(a, b))
    if unlike > _DOUBTFUL:
        return unlike
    # Letters are too small to be read at the scale at which plots are compared.
    large, moved = scenes(2 * SIDE)
    moved = move.of(moved)
    if exchanged_words(large, moved) or other_words(large, moved):
        return max(unlike, _OTHER_WORDS)
    if labels := further_labels(large, moved):
        unlike = max(worst_window(*(without(picture, labels, background) for picture in (a, b))))
    return unlike


def _on_other_background(recorded: np.ndarray, local: np.ndarray) -> bool:
    apart = np.abs(background_of(recorded) - background_of(local)).max()
    behind = [_behind_plots(picture) for picture in (recorded, local)]
    inside = 0.0 if behind[0] is None or behind[1] is None else np.abs(behind[0] - behind[1]).max()
    return bool(max(apart, inside) > _SAME_COLOR)


def _behind_plots(picture: Float[np.ndarray, "H W 3"]) -> Float[np.ndarray, "3"] | None:
    """Return the most frequent color of a picture if it is a gray, as styles have behind plots."""
    colors, counts = np.unique(
        np.rint(255.0 * picture).astype(np.uint8).reshape(-1, 3), axis=0, return_counts=True
    )
    color = colors[counts.argmax()] / 255.0
    return color if np.ptp(color) <= _GRAY else None


def _same_shape(recorded: np.ndarray, local: np.ndarray) -> bool:
    sides = [_sides(content_box(picture), picture) for picture in (recorded, local)]
    ratio = (sides[0][0] * sides[1][1]) / (sides[0][1] * sides[1][0])
    return 1.0 / (1.0 + _ASPECT_SLACK) <= ratio <= 1.0 + _ASPECT_SLACK


def _sides(box: Box | None, picture: np.ndarray) -> tuple[int, int]:
    if box is None:
        return picture.shape[1], picture.shape[0]
    return box[2] - box[0], box[3] - box[1]


def _scenes(
    recorded: np.ndarray, local: np.ndarray, before: Box, after: Box, side: int
) -> tuple[np.ndarray, np.ndarray]:
    """Crop two pictures, and scale them to the shape of the first with a given longer side."""
    width, height = before[2] - before[0], before[3] - before[1]
    factor = side / max(width, height)
    shape = tuple(max(_LEAST_SIDE, round(factor * length)) for length in (height, width))
    return _scaled(recorded, before, shape), _scaled(local, after, shape)


def _scaled(
    picture: Float[np.ndarray, "H W 3"], box: Box, shape: tuple[int, ...]
) -> Float[np.ndarray, "h w 3"]:
    from PIL import Image

    left, upper, right, lower = box
    cropped = np.rint(255.0 * picture[upper:lower, left:right]).astype(np.uint8)
    size = shape[1], shape[0]
    resized = Image.fromarray(cropped).resize(size, Image.Resampling.LANCZOS)
    return np.asarray(resized, np.float64) / 255.0


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
