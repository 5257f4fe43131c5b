"""Pictures of a trained model: learning curves, new images, and reconstructed ones."""

import math
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Shaped

from fluvial.datasets import to_unit
from fluvial.reproduction.drawing import COLORS, panels, save

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from fluvial.amortized import Trained

__all__ = ["PICTURES", "draw_images", "draw_training", "is_picture"]

PICTURES = ("curves.png", "samples.png", "reconstructions.png")
"""All that there may be; vectors have learning curves alone."""

_SIDE = 8  # images in a row
_INCH = 0.75
_MARGIN = 0.02  # inches


def draw_training(
    trained: "Trained",
    images: Shaped[np.ndarray, "N ..."],
    folder: Path,
    labels: np.ndarray | None = None,
) -> list[str]:
    """Draw learning curves and, of pictures, a grid of samples and one of reconstructions.

    Args:
        trained: the model.
        images: of which the first are reconstructed.
        folder: where the pictures go.
        labels: of the images, if the model is conditional.

    Returns:
        The names of the files.

    Raises:
        InputError: if a file cannot be written.
    """
    save(_curves(trained), folder / "curves.png")
    drawn = ["curves.png"]
    if is_picture(trained.shape):
        shown = images[: _SIDE * _SIDE // 2]
        given = None if labels is None else labels[: len(shown)]
        again = trained.decode(trained.encode(shown, labels=given), labels=given)
        draw_images(trained.sample(_SIDE * _SIDE), folder / "samples.png")
        draw_images(_beside(to_unit(shown), again), folder / "reconstructions.png")
        drawn += ["samples.png", "reconstructions.png"]
    return drawn


def is_picture(shape: tuple[int, ...]) -> bool:
    """Whether images of a shape can be drawn: gray, or in three colors.

    Example:
        >>> is_picture((8, 8)), is_picture((32, 32, 3)), is_picture((64,))
        (True, True, False)
    """
    return len(shape) == 2 or (len(shape) == 3 and shape[-1] == 3)


def draw_images(images: Shaped[np.ndarray, "N H W *C"], path: Path) -> None:
    """Draw images in rows of eight, black being their least value and white their largest.

    Raises:
        InputError: if the file cannot be written.
    """
    rows = math.ceil(len(images) / _SIDE)
    low, high = float(np.min(images)), float(np.max(images))
    height, width = images.shape[1:3]
    figure, axes = panels(rows, _SIDE, _INCH, _INCH * height / width, boxed=True)
    figure.set_layout_engine("constrained", w_pad=_MARGIN, h_pad=_MARGIN)
    for one in axes.flat:
        one.set_axis_off()
    for image, one in zip(images, axes.flat, strict=False):
        one.imshow((image - low) / max(high - low, 1e-12), cmap="gray", vmin=0.0, vmax=1.0)
    save(figure, path)


def _beside(images: np.ndarray, again: np.ndarray) -> np.ndarray:
    """Rows of images, each above a row of what became of them."""
    pairs = []
    for start in range(0, len(images), _SIDE):
        row = images[start : start + _SIDE]
        empty = np.full((_SIDE - len(row), *row.shape[1:]), row.max(), row.dtype)
        pairs += [row, empty, again[start : start + _SIDE], empty]
    return np.concatenate(pairs)


def _curves(trained: "Trained") -> "Figure":
    figure, axes = panels(1, 1, 6.0, 3.6)
    epochs = [line["epoch"] for line in trained.history]
    for name, color in (("train_bound", COLORS[0]), ("validation_bound", COLORS[1])):
        values = [float(line[name]) for line in trained.history]
        axes[0, 0].plot(epochs, values, color=color, label=name.replace("_", " "))
    axes[0, 0].set_xlabel("epoch")
    axes[0, 0].set_ylabel("bound on ln p(x) (nats)")
    bounds = [float(line["validation_bound"]) for line in trained.history]
    finite = [bound for bound in bounds if math.isfinite(bound)]
    if finite and len(finite) > 4:  # the first steps would squeeze all others
        low = float(np.quantile(finite, 0.1))
        axes[0, 0].set_ylim(bottom=low - 0.5 * (max(finite) - low))
    axes[0, 0].legend()
    return figure
