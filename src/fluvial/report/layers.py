"""Densities after each layer of a flow, as pictures that a slider can step through."""

import base64
import io
from dataclasses import dataclass

import matplotlib
import numpy as np
from jaxtyping import Num

from fluvial.reproduction import Ledger

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


def layer_pictures(ledger: Ledger) -> list[LayerPictures]:
    """Collect the pictures of each finished unit that saved ``layers``, shape (K + 1, n, n).

    Row i of a density is at the i-th height from below, as the energies' study saves it.
    """
    found = []
    for unit in ledger.header["units"]:
        if not ledger.done(unit):
            continue
        record = ledger.record(unit)
        layers = record.arrays.get("layers")
        if layers is None or not _are_densities(layers):
            continue
        true = record.arrays.get("true_density")
        if true is not None and not _are_densities(true[None]):
            true = None
        film = np.concatenate([_bytes(layer) for layer in layers])
        shown_true = "" if true is None else _data_url(_bytes(true))
        label = str(record.values.get("energy", unit))
        pictures = LayerPictures(label, len(layers), layers.shape[1], _data_url(film), shown_true)
        found.append(pictures)
    return found


def _are_densities(arrays: np.ndarray) -> bool:
    real = arrays.dtype.kind in "fiu"
    return real and arrays.ndim == 3 and arrays.size > 0 and arrays.shape[1] == arrays.shape[2]


def _bytes(density: Num[np.ndarray, "n n"]) -> Num[np.ndarray, "n n"]:
    """Scale a density to 0..255, and turn it the right way up."""
    values = np.nan_to_num(density.astype(np.float64), posinf=0.0)
    brightest = max(float(np.quantile(values, _BRIGHTEST)), 1e-12)
    return np.round(255.0 * np.clip(values[::-1] / brightest, 0.0, 1.0)).astype(np.uint8)


def _data_url(gray: Num[np.ndarray, "rows n"]) -> str:
    from PIL import Image

    picture = Image.fromarray(gray)
    palette = matplotlib.colormaps[_COLORS](np.arange(256), bytes=True)[:, :3]
    picture.putpalette(palette.tobytes())
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()
