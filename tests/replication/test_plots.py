import base64
import io

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from fluvial.replication.plots import plot_configuration, ticks_point_outwards

from .books import book, recorded, shown


@pytest.fixture(autouse=True)
def legends_as_they_are(monkeypatch):
    """Undo what a configuration that a test runs does to Matplotlib."""
    from matplotlib import legend

    monkeypatch.setattr(legend, "_get_legend_handles", legend._get_legend_handles)


def plot(color, dpi=72, version=""):
    about = PngInfo()
    if version:
        about.add_text("Software", f"matplotlib version {version}, http://matplotlib.org/")
    data = io.BytesIO()
    Image.new("RGB", (20, 20), color).save(data, "PNG", dpi=(dpi, dpi), pnginfo=about)
    return shown(image__png=base64.b64encode(data.getvalue()).decode())


@pytest.mark.parametrize(
    ("output", "former", "classic"),
    [
        (plot("blue"), True, True),  # of Matplotlib 1
        (plot((31, 119, 180)), True, False),  # of 2.0
        (plot("blue", version="2.2.2"), True, False),
        (plot("blue", dpi=144), True, True),
        (plot("blue", dpi=100), False, True),
        (plot("blue", dpi=100, version="3.9.0"), False, False),
        (shown(image__png="AAAA"), False, False),
    ],
)
def test_plots_are_drawn_in_the_style_of_their_time(output, former, classic):
    configuration = plot_configuration(recorded(book(("plot()", [output]))))
    assert ("'figure.dpi': 72" in configuration) is former
    assert ('library["classic"]' in configuration) is classic


def test_the_configuration_is_one_of_ipython():
    from traitlets.config import Config

    configuration = plot_configuration(recorded(book(("plot()", [plot("blue")]))))
    config = Config()
    exec(configuration, {"get_config": lambda: config})
    rc = config.InlineBackend.rc
    assert (rc["axes.prop_cycle"].by_key()["color"][0], rc["figure.figsize"]) == ("b", (6.0, 4.0))


@pytest.mark.parametrize(("version", "classic"), [("2.7.9", True), ("2.7.13", False), ("", True)])
def test_plots_without_the_colors_of_any_version_are_as_old_as_python(version, classic):
    notebook = book(("plot()", [plot("gray")]))
    notebook.metadata["language_info"] = {"name": "python", "version": version}
    assert ('library["classic"]' in plot_configuration(recorded(notebook))) is classic


@pytest.mark.parametrize(("direction", "outwards"), [("out", True), ("in", False)])
def test_where_ticks_point_tells_the_style(direction, outwards):
    import matplotlib as mpl
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    with mpl.rc_context({"xtick.direction": direction, "ytick.direction": direction}):
        figure = Figure((6.0, 4.0), dpi=72)
        canvas = FigureCanvasAgg(figure)
        figure.subplots().plot([1, 3, 2], "g")
        canvas.draw()
    assert ticks_point_outwards(Image.fromarray(np.asarray(canvas.buffer_rgba()))) is outwards


@pytest.mark.parametrize(
    ("version", "first"), [("3.0.2", "line"), ("3.5.1", "points"), ("", "line")]
)
def test_legends_have_the_order_of_their_time(version, first):
    from matplotlib.figure import Figure
    from traitlets.config import Config

    configuration = plot_configuration(recorded(book(("plot()", [plot("gray", 72, version)]))))
    exec(configuration, {"get_config": Config})
    axes = Figure().subplots()
    axes.bar([1], [2], label="bars")
    axes.scatter([1], [2], label="points")
    axes.plot([1, 2], label="line")
    named = axes.get_legend_handles_labels()[1]
    assert (named[0], named[-1]) == (first, "bars")
