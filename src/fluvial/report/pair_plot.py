"""Pairs of parameters against each other, and each on its own."""

from collections.abc import Mapping
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from fluvial.errors import InputError
from fluvial.storage.folder import replaced

__all__ = ["pair_plot"]

_MOST = 6
_POINTS = 2000
_BINS = 40
_INCH = 1.6
_COLOR = "#0072b2"  # the blue of Okabe and Ito, which all color vision tells from gray
_INK = "#333333"
_TRIMMED = 0.002  # of the mass on either side: one draw far out would squeeze all others


def pair_plot(columns: Mapping[str, np.ndarray], path: str | Path) -> Path:
    """Draw the first six scalars against each other, with a histogram of each, as PNG.

    The background is white and opaque, so that the picture can be read on a page of any color.

    Args:
        columns: name -> draws, shape (n,); those that do not vary, or not finitely, are left out.
        path: where the picture goes.

    Returns:
        The path.

    Raises:
        InputError: if nothing is left to draw, or the picture cannot be written.

    Example:
        >>> import tempfile
        >>> draws = np.random.default_rng(0).standard_normal((2, 500))
        >>> with tempfile.TemporaryDirectory() as directory:
        ...     pair_plot({"a": draws[0], "b": draws[1]}, f"{directory}/pair.png").name
        'pair.png'
    """
    varying = {name: column for name, column in columns.items() if 0.0 < np.ptp(column) < np.inf}
    names = list(varying)[:_MOST]
    if not names:
        raise InputError("none of the draws vary, and are finite: there is no pair to plot.")
    figure = Figure(figsize=(0.8 + _INCH * len(names), 0.6 + _INCH * len(names)), dpi=120)
    FigureCanvasAgg(figure)
    with matplotlib.rc_context({"font.size": 8, "axes.edgecolor": _INK, "text.color": _INK}):
        axes = figure.subplots(len(names), len(names), squeeze=False, sharex="col")
        for i, below in enumerate(names):
            for j, across in enumerate(names):
                _panel(axes[i, j], varying[across], varying[below], i - j)
            axes[i, 0].set_ylabel(below, color=_INK)
            axes[-1, i].set_xlabel(below, color=_INK)
        figure.align_ylabels(axes[:, 0])
        figure.tight_layout(pad=0.6)
        with replaced(Path(path)) as fresh:
            figure.savefig(fresh, format="png", facecolor="white")
    return Path(path)


def _panel(axes, x: np.ndarray, y: np.ndarray, below_diagonal: int) -> None:
    if below_diagonal < 0:
        axes.axis("off")
        return
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(colors=_INK, length=2)
    axes.set_xlim(*_with_margin(_range(x)))
    axes.xaxis.set_major_locator(MaxNLocator(3))
    if below_diagonal == 0:
        axes.hist(x, bins=_BINS, range=_range(x), color=_COLOR, histtype="stepfilled", alpha=0.6)
        axes.set_yticks([])
    else:
        axes.scatter(x[:_POINTS], y[:_POINTS], s=3, color=_COLOR, alpha=0.25, linewidths=0)
        axes.set_ylim(*_with_margin(_range(y)))
        axes.yaxis.set_major_locator(MaxNLocator(3))
    axes.label_outer()


def _range(x: np.ndarray) -> tuple[float, float]:
    low, high = np.quantile(x, [_TRIMMED, 1.0 - _TRIMMED])
    return float(low), float(high)


def _with_margin(limits: tuple[float, float]) -> tuple[float, float]:
    margin = 0.05 * (limits[1] - limits[0])
    return limits[0] - margin, limits[1] + margin
