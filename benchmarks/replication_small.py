"""Small changes of plots that an eye sees: a letter, a dash, a marker, a point, a shade."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from benchmarks.replication_plots import outputs_of

__all__ = ["small_changes"]

Content = Mapping[str, Any]

_RECORDED = {"figure.figsize": (6.0, 4.0), "font.size": 10, "figure.dpi": 72}
_LOCAL = {"the same size": _RECORDED, "another resolution": {**_RECORDED, "figure.dpi": 100}}


def _curves(figure: Figure, own: Content) -> None:
    axes = figure.subplots()
    x = np.linspace(0.0, 10.0, 40)
    style = own.get("style", "-")
    axes.plot(x, np.exp(-x / 3.0) + own.get("move", 0.0), style, label=own.get("entry", "train"))
    axes.plot(
        x,
        np.exp(-x / 4.0) + 0.3,
        own.get("marker", "o"),
        ms=4,
        color=own.get("color", "C1"),
        label="test",
    )
    axes.set(title=own.get("title", "Decay"), xlabel=own.get("unit", "time (s)"), ylim=(0.0, 1.5))
    axes.legend()


def _points(figure: Figure, own: Content) -> None:
    axes = figure.subplots()
    rng = np.random.default_rng(0)
    first, second = rng.normal(0.0, 1.0, (2, 40)), rng.normal(2.0, 1.0, (2, 40))
    first = np.delete(first, own.get("lost", ()), axis=1)
    first[1, 0] += own.get("jump", 0.0)
    axes.plot(
        *first, own.get("marker", "o"), color=own.get("color", "C0"), label=own.get("entry", "a")
    )
    axes.plot(*second, "s", label="b")
    axes.set(xlabel=own.get("unit", "length (m)"), ylabel="width (m)", xlim=(-4, 6), ylim=(-4, 6))
    axes.legend(loc="upper left")


def _bars(figure: Figure, own: Content) -> None:
    axes = figure.subplots()
    colors = ["C0", "C1", own.get("color", "C2"), "C3"]
    axes.bar(
        own.get("names", ["red", "green", "blue", "black"]),
        own.get("heights", [3.0, 5.0, 2.0, 4.0]),
        color=colors,
    )
    axes.text(-0.1, 3.1, own.get("note", "3.0"))
    axes.set(ylabel="number", ylim=(0.0, 6.0))


def _counts(figure: Figure, own: Content) -> None:
    axes = figure.subplots()
    values = np.random.default_rng(1).normal(0.0, 1.0, 400)
    values = np.concatenate([values, np.full(own.get("more", 0), 0.1)])
    axes.hist(
        values, bins=np.linspace(-3, 3, 21).tolist(), color=own.get("color", "C0"), density=False
    )
    axes.axvline(1.5, color="black", linestyle=own.get("style", "-"))
    axes.set(
        title=own.get("title", "400 draws"), xlabel=own.get("unit", "z (sd)"), ylim=(0.0, 80.0)
    )


def _cells(figure: Figure, own: Content) -> None:
    axes = figure.subplots()
    values = np.random.default_rng(2).random((6, 6))
    values[2, 3] = own.get("cell", values[2, 3])
    shown = axes.imshow(values, cmap=own.get("colors", "viridis"), vmin=0.0, vmax=1.0)
    figure.colorbar(shown, label=own.get("label", "share"))


_CHANGES: dict[Callable[[Figure, Content], None], dict[str, Content]] = {
    _curves: {
        "letters of a legend entry": {"entry": "trail"},
        "a unit": {"unit": "time (ms)"},
        "a letter of a title": {"title": "Delay"},
        "a dashed line": {"style": "--"},
        "another marker": {"marker": "^"},
        "another color": {"color": "C2"},
        "a curve moved by 5 % of the axis": {"move": 0.075},
    },
    _points: {
        "a letter of a legend entry": {"entry": "c"},
        "a unit": {"unit": "length (mm)"},
        "another marker": {"marker": "D"},
        "another color": {"color": "C2"},
        "a lost point": {"lost": (3,)},
        "a point elsewhere": {"jump": 3.0},
    },
    _bars: {
        "a bar lower by a tenth": {"heights": [3.0, 4.5, 2.0, 4.0]},
        "another color": {"color": "C4"},
        "a letter of a label": {"names": ["red", "green", "blur", "black"]},
        "swapped labels": {"names": ["red", "blue", "green", "black"]},
        "a digit": {"note": "3.6"},
    },
    _counts: {
        "a bar higher by 5 % of the axis": {"more": 4},
        "another color": {"color": "C1"},
        "a dashed line": {"style": "--"},
        "a digit of a title": {"title": "900 draws"},
        "a unit": {"unit": "z (se)"},
    },
    _cells: {
        "another shade": {"cell": 0.5},
        "another color map": {"colors": "plasma"},
        "a letter of a label": {"label": "shape"},
    },
}


def small_changes() -> Iterator[tuple[str, str, list[Content], list[Content]]]:
    """Yield what was changed ("nothing" at times), how it was drawn, and the outputs of both."""
    for plot, changes in _CHANGES.items():
        recorded = outputs_of(plot, _RECORDED, {})
        for drawn, settings in _LOCAL.items():
            yield "nothing", drawn, recorded, outputs_of(plot, settings, {})
            for name, change in changes.items():
                yield name, drawn, recorded, outputs_of(plot, settings, change)
