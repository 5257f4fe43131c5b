import base64
import io

import matplotlib as mpl
import pytest
from IPython.core import pylabtools
from matplotlib.figure import Figure
from matplotlib.font_manager import fontManager

from fluvial.replication import fonts
from fluvial.replication.compare.outputs import IN_LIKE_FONTS, MISSING_FONTS

from .books import book, recorded, shown

PICTURE = base64.b64encode(b"a picture").decode()


@pytest.fixture
def print_figure(monkeypatch):
    """Draw as a kernel does that has a font like one that is not installed."""
    for name in ("print_figure", "retina_figure"):
        monkeypatch.setattr(pylabtools, name, getattr(pylabtools, name))
    like = {"Of Nobody": "DejaVu Serif", "Of None": "Not There"}
    monkeypatch.setattr(fonts, "_LIKE", like)
    notebook = recorded(book(("plot()", [shown(image__png=PICTURE)])))
    exec(fonts.font_configuration(notebook), {})
    return lambda figure: pylabtools.print_figure(figure, fmt="png", base64=True)


def titled(family):
    with mpl.rc_context({"font.family": [family]}):
        figure = Figure(figsize=(3.0, 2.0))
        figure.subplots().set_title("Loss by epoch")
    return figure


@pytest.mark.filterwarnings("ignore:.*findfont")
def test_a_plot_in_a_font_that_is_not_installed_is_drawn_in_one_like_it_too(print_figure, caplog):
    before = list(fontManager.ttflist)
    picture, about = print_figure(titled("Of Nobody"))
    assert about[IN_LIKE_FONTS] == print_figure(titled("DejaVu Serif"))
    assert picture == print_figure(titled("DejaVu Sans"))  # what Matplotlib falls back to
    assert fontManager.ttflist == before


@pytest.mark.filterwarnings("ignore:.*findfont")
def test_fonts_are_named_that_nothing_like_is_installed_of(print_figure):
    _, about = print_figure(titled("Of None"))
    assert about == {MISSING_FONTS: "Of None"}


def test_a_plot_in_installed_fonts_is_drawn_once(print_figure):
    picture = print_figure(titled("DejaVu Sans"))
    assert mpl.image.imread(io.BytesIO(base64.b64decode(picture))).ndim == 3


def test_only_notebooks_with_plots_need_fonts():
    assert not fonts.font_configuration(recorded(book(("1 + 1", []))))
