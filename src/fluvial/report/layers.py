"""The densities that a study declares, layer after layer, as pictures for a slider."""

import base64
import io
from dataclasses import dataclass
from typing import Any, TypeGuard

import numpy as np
from jaxtyping import Num

from fluvial.errors import InputError
from fluvial.reproduction import Layers, StudyResults

__all__ = ["LayerPictures", "layer_pictures"]

# A few points of a narrow mode would otherwise darken all the rest.
_BRIGHTEST = 0.995
_COLORS = "magma"


@dataclass(frozen=True)
class LayerPictures:
    """The densities of one flow.

    Attributes:
        label: what the flow is of.
        frames: how many pictures: the base density, and one after each layer.
        side: of a picture, in pixels.
        film: all of them, from top to bottom, as a PNG in a data URL.
        true: the true density in the same form, "" if it was not saved.
    """

    label: str
    frames: int
    side: int
    film: str
    true: str


def layer_pictures(results: StudyResults) -> list[LayerPictures]:
    """Draw the densities of a study's finished units.

    Raises:
        InputError: if some are declared that the records do not have.
    """
    return [_pictures(results, shown) for shown in results.layers() if results.done(shown.unit)]


def _pictures(results: StudyResults, shown: Layers) -> LayerPictures:
    arrays = results.record(shown.unit).arrays
    layers, true = arrays.get(shown.array), arrays.get(shown.true)
    true_is_wrong = bool(shown.true) and not _are_densities(true, 2)
    if not _are_densities(layers, 3) or true_is_wrong:
        raise InputError(
            f"{results.folder} declares densities {shown.array[:80]!r} of {shown.unit} that are "
            "not in its records: run the study again with --resume."
        )
    film = np.concatenate([_bytes(layer) for layer in layers])
    drawn_true = "" if true is None else _data_url(_bytes(true))
    return LayerPictures(shown.label, len(layers), layers.shape[1], _data_url(film), drawn_true)


def _are_densities(array: Any, axes: int) -> TypeGuard[np.ndarray]:
    if array is None or array.dtype.kind not in "fiu" or array.ndim != axes:
        return False
    return array.size > 0 and array.shape[-1] == array.shape[-2]


def _bytes(density: Num[np.ndarray, "n n"]) -> Num[np.ndarray, "n n"]:
    """Scale a density to 0..255, and turn it the right way up."""
    values = np.nan_to_num(density.astype(np.float64), posinf=0.0)
    brightest = max(float(np.quantile(values, _BRIGHTEST)), 1e-12)
    return np.round(255.0 * np.clip(values[::-1] / brightest, 0.0, 1.0)).astype(np.uint8)


def _data_url(gray: Num[np.ndarray, "rows n"]) -> str:
    import matplotlib
    from PIL import Image

    picture = Image.fromarray(gray)
    palette = matplotlib.colormaps[_COLORS](np.arange(256), bytes=True)[:, :3]
    picture.putpalette(palette.tobytes())
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()
