"""What the studies' figures share: colors that all can tell apart, plain axes, PNG files."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from fluvial.storage.writing import replaced

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["COLORS", "INK", "panels", "save"]

COLORS: Sequence[str] = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
"""Okabe and Ito's palette, which all color vision tells apart."""

INK = "#333333"

_STYLE = {"font.size": 9, "axes.edgecolor": INK, "text.color": INK, "axes.labelcolor": INK}
_STYLE |= {"xtick.color": INK, "ytick.color": INK, "axes.titlesize": 10, "legend.frameon": False}
_DOTS_PER_INCH = 120


def panels(
    rows: int, columns: int, width: float, height: float, *, boxed: bool = False
) -> "tuple[Figure, np.ndarray]":
    """Make a figure without a window, and its axes, shape (rows, columns).

    Args:
        rows: of panels.
        columns: of panels.
        width: of one panel, in inches.
        height: of one panel, in inches.
        boxed: draw the upper and the right edge of each panel too, as around an image.

    Example:
        >>> panels(2, 3, 2.0, 1.5)[1].shape
        (2, 3)
    """
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    with matplotlib.rc_context(_STYLE):
        size = (width * columns, height * rows)
        figure = Figure(figsize=size, dpi=_DOTS_PER_INCH, layout="constrained")
        FigureCanvasAgg(figure)
        axes = figure.subplots(rows, columns, squeeze=False)
    if not boxed:
        for one in axes.flat:
            one.spines[["top", "right"]].set_visible(False)
    return figure, axes


def save(figure: "Figure", path: Path) -> None:
    """Write a figure as PNG on white, so that it can be read on a page of any color.

    Raises:
        InputError: if it cannot be written.
    """
    import matplotlib

    with matplotlib.rc_context(_STYLE), replaced(path) as fresh:
        figure.savefig(fresh, format="png", facecolor="white")
