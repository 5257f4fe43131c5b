"""Models beside each other, each quantity with its error."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from fluvial.comparison.row import Row
from fluvial.storage.writing import replaced

__all__ = ["picture"]

_COLOR = "#0072b2"  # the blue of Okabe and Ito, which all color vision tells from gray
_INK = "#333333"


def picture(rows: Sequence[Row], path: Path) -> Path:
    """Draw two standard errors around each evidence and predictive density, as PNG."""
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    panels = [
        ("log evidence, nats", [(r.log_evidence, r.log_evidence_se) for r in rows]),
        ("elpd by leave-one-out, nats", [(r.elpd, r.elpd_se) for r in rows]),
    ]
    shown = [(title, v) for title, v in panels if any(value is not None for value, _ in v)]
    figure = Figure(figsize=(4.2 * len(shown), 1.1 + 0.4 * len(rows)), dpi=120)
    FigureCanvasAgg(figure)
    with matplotlib.rc_context({"font.size": 8, "axes.edgecolor": _INK, "text.color": _INK}):
        axes = figure.subplots(1, len(shown), squeeze=False, sharey=True)[0]
        for axis, (title, values) in zip(axes, shown, strict=True):
            _panel(axis, title, np.array(values, float))
        axes[0].set_yticks(range(len(rows)), [row.name for row in rows])
        axes[0].set_ylim(len(rows) - 0.5, -0.5)
        figure.tight_layout(pad=0.6)
        with replaced(path) as fresh:
            figure.savefig(fresh, format="png", facecolor="white")
    return path


def _panel(axis, title: str, values: np.ndarray) -> None:
    places = np.arange(len(values))
    usable = np.isfinite(values).all(axis=1)
    axis.errorbar(
        values[usable, 0],
        places[usable],
        xerr=2.0 * values[usable, 1],
        fmt="o",
        color=_COLOR,
        capsize=3,
    )
    axis.set_xlabel(f"{title} (± 2 standard errors)", color=_INK)
    axis.spines[["top", "right"]].set_visible(False)
    axis.tick_params(colors=_INK, length=2)
    axis.grid(axis="x", color="#dddddd", linewidth=0.6)
