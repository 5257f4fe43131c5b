"""Plots drawn twice, at other resolutions and with letters drawn otherwise, the second changed."""

import base64
import io
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

__all__ = ["drawn_pairs", "outputs_of"]

# Of Jupyter until 2023; on a screen of twice the resolution; with letters fitted to no pixels.
_RECORDED = {"figure.figsize": (6.0, 4.0), "font.size": 10, "figure.dpi": 72}
_LOCAL = (
    {**_RECORDED, "figure.dpi": 144},
    {**_RECORDED, "figure.dpi": 100, "text.hinting": "none"},
)
_DEFAULTS: dict[str, Any] = {
    "bars": (3.0, 5.0, 2.0, 4.0),
    "legend": ("train", "test"),
    "move": 0.0,
    "title": "Loss of the model by epoch",
}
_CHANGES: dict[str, dict[str, Any]] = {
    "moved curve": {"move": 0.12},
    "height of a bar": {"bars": (3.0, 4.2, 2.0, 4.0)},
    "other title": {"title": "Size of the sample by year"},
    "swapped legend": {"legend": ("test", "train")},
}


def drawn_pairs() -> Iterator[tuple[str, list[Mapping[str, Any]], list[Mapping[str, Any]]]]:
    """Yield what was changed ("nothing" at times), the recorded outputs and the local ones."""
    for plot in (_curves, _bars, _points, _panels):
        for local in _LOCAL:
            recorded = outputs_of(plot, _RECORDED, _DEFAULTS)
            yield "nothing", recorded, outputs_of(plot, local, _DEFAULTS)
            for name, change in _CHANGES.items():
                if _concerns(plot, name):
                    yield name, recorded, outputs_of(plot, local, _DEFAULTS | change)


def _concerns(plot: Callable, change: str) -> bool:
    shows = {
        "moved curve": (_curves, _panels),
        "height of a bar": (_bars, _panels),
        "other title": (_curves, _bars, _points, _panels),
        "swapped legend": (_curves, _points),
    }
    return plot in shows[change]


def outputs_of(
    plot: Callable[[Figure, Mapping[str, Any]], None],
    settings: Mapping[str, Any],
    content: Mapping[str, Any],
) -> list[Mapping[str, Any]]:
    """Draw a plot with settings of matplotlib, as the output of a cell."""
    data = io.BytesIO()
    with mpl.rc_context({**settings}):
        figure = Figure()
        plot(figure, content)
        figure.savefig(data, format="png", bbox_inches="tight", dpi=settings["figure.dpi"])
    encoded = base64.b64encode(data.getvalue()).decode()
    shown = {"image/png": encoded, "text/plain": "<Figure>"}
    return [{"output_type": "display_data", "data": shown, "metadata": {}}]


def _curves(figure: Figure, content: Mapping[str, Any]) -> None:
    axes = figure.subplots()
    x = np.linspace(0.0, 10.0, 200)
    axes.plot(x, np.exp(-x / 3.0) + content["move"], label=content["legend"][0])
    axes.plot(x, np.exp(-x / 4.0) + 0.3, label=content["legend"][1])
    axes.set(title=content["title"], xlabel="epoch", ylabel="loss", ylim=(0.0, 1.5))
    axes.legend()


def _bars(figure: Figure, content: Mapping[str, Any]) -> None:
    axes = figure.subplots()
    axes.bar(["red", "green", "blue", "black"], content["bars"])
    axes.set(title=content["title"], ylabel="number", ylim=(0.0, 6.0))


def _points(figure: Figure, content: Mapping[str, Any]) -> None:
    axes = figure.subplots()
    rng = np.random.default_rng(0)
    for name, center in zip(content["legend"], (0.0, 2.0), strict=True):
        axes.scatter(*rng.normal(center, 1.0, (2, 60)), label=name)
    axes.set(title=content["title"], xlabel="length", ylabel="width")
    axes.legend(loc="upper left")


def _panels(figure: Figure, content: Mapping[str, Any]) -> None:
    left, right = figure.subplots(1, 2)
    x = np.linspace(-3.0, 3.0, 100)
    left.plot(x, np.sin(x) + 5.0 * content["move"])
    left.set(ylim=(-2.0, 2.0))
    right.bar(range(4), content["bars"])
    right.set(ylim=(0.0, 6.0))
    figure.suptitle(content["title"])
