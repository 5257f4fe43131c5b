"""The figures of the study of vanishing gradients, from its records."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from fluvial.reproduction import Figure
from fluvial.reproduction.drawing import COLORS, INK, panels, save
from fluvial.studies.vanishing_gradient.measuring import Kind, kind_name
from fluvial.studies.vanishing_gradient.network import ACTIVATIONS

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Matplotlib

__all__ = ["depth_figure", "loss_figure", "steps_figure"]

Arrays = Mapping[str, np.ndarray]

_DECADES = (-12.0, 2.0)  # that the colors tell apart; what is smaller or larger looks the same
_MAP = "viridis"
_SKIPS = (False, True)
_TITLES = {False: "no skips", True: "with skips"}


def steps_figure(trained: Mapping[Kind, Arrays], directory: Path) -> Figure:
    """Draw the gradient's norm by layer and step, a panel for each kind of network."""
    figure, axes = panels(2, len(ACTIVATIONS), 2.9, 2.3, boxed=True)
    for row, skip in enumerate(_SKIPS):
        for column, activation in enumerate(ACTIVATIONS):
            arrays, ax = trained[activation, skip], axes[row, column]
            norms = _log10(arrays["norms"]).mean(axis=0).T
            extent = (0, int(arrays["steps"][-1]) + 1, len(norms) + 0.5, 0.5)
            ax.imshow(norms, aspect="auto", extent=extent, interpolation="nearest", **_colors())
            ax.set_title(f"{activation}, {_TITLES[skip]}")
            ax.set_xlabel("training step" if row else "")
            ax.set_ylabel("" if column else "layer (the last: logits)")
    _bar(figure, axes, "log10 of the gradient's norm")
    save(figure, directory / "steps.png")
    return Figure(
        "steps.png",
        "The gradient by layer and step",
        "Norm of the gradient of each layer's weights, first layer on top, geometric mean over "
        "seeds. Dark: nothing arrives. With ReLU and skips it explodes instead: each layer adds to "
        "its input, and the sum grows from layer to layer.",
        alt="Six heat maps of the gradient's norm, a power of ten, by layer from top to bottom "
        "and training step from left to right: sigmoid, tanh and ReLU, without skips above and "
        "with skips below.",
    )


def depth_figure(depths: Sequence[int], start: Arrays, directory: Path) -> Figure:
    """Draw first over last norm before training, by depth and activation."""
    figure, axes = panels(1, 2, 4.0, 2.4, boxed=True)
    for ax, skip in zip(axes.flat, _SKIPS, strict=True):
        norms = np.stack([start[kind_name((name, skip))] for name in ACTIVATIONS])
        decades = (_log10(norms[..., 0]) - _log10(norms[..., 1])).mean(axis=1)
        ax.imshow(decades, aspect="auto", **_colors())
        for (row, column), value in np.ndenumerate(decades):
            ink = "white" if value < sum(_DECADES) / 2 else INK
            ax.text(column, row, f"{value:.1f}", ha="center", va="center", color=ink, fontsize=8)
        ax.set_xticks(range(len(depths)), depths)
        ax.set_yticks(range(len(ACTIVATIONS)), list(ACTIVATIONS))
        ax.set_xlabel("hidden layers")
        ax.set_title(_TITLES[skip])
    _bar(figure, axes, "log10 of first / last")
    save(figure, directory / "depth.png")
    return Figure(
        "depth.png",
        "The first layer's gradient by depth and activation",
        "Norm of the first layer's gradient over that of the last's, before training, as a power "
        "of ten, mean over seeds. Sigmoid loses about 0.6 decades a layer, a factor of four: its "
        "derivative is at most 1/4.",
        alt="Two heat maps, without and with skips, a row for each activation and a column for "
        "each depth; every field has the power of ten written in it.",
    )


def loss_figure(trained: Mapping[Kind, Arrays], directory: Path) -> Figure:
    """Draw the loss of each step, a panel for each activation."""
    figure, axes = panels(1, len(ACTIVATIONS), 2.9, 2.6)
    for ax, activation in zip(axes.flat, ACTIVATIONS, strict=True):
        for skip, color in zip(_SKIPS, COLORS, strict=False):
            for seed, losses in enumerate(trained[activation, skip]["losses"]):
                label = _TITLES[skip] if seed == 0 else None
                ax.plot(losses, color=color, linewidth=0.9, alpha=0.7, label=label)
        ax.axhline(math.log(10), color=INK, linewidth=0.8, linestyle=":")
        ax.set_yscale("log")
        ax.set_title(activation)
        ax.set_xlabel("training step")
    axes[0, 0].set_ylabel("cross-entropy (nats)")
    axes[0, 0].legend(fontsize=8)
    save(figure, directory / "loss.png")
    return Figure(
        "loss.png",
        "Learning curves",
        "One line a seed; dotted: ln 10, the loss of knowing nothing.",
        alt="Three panels, sigmoid, tanh and ReLU: cross-entropy on a logarithmic axis against "
        "the training step, lines without skips and with skips in two colors.",
    )


def _colors() -> dict[str, Any]:
    return {"cmap": _MAP, "vmin": _DECADES[0], "vmax": _DECADES[1]}


def _bar(figure: "Matplotlib", axes: np.ndarray, label: str) -> None:
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize

    figure.colorbar(
        ScalarMappable(Normalize(*_DECADES), _MAP),
        ax=axes.ravel().tolist(),
        label=label,
        extend="both",
    )


def _log10(norms: np.ndarray) -> np.ndarray:
    """Take the logarithm; what is exactly zero counts as the smallest float32."""
    smallest = np.finfo(np.float32).tiny
    return np.log10(np.maximum(norms.astype(np.float64), smallest))
