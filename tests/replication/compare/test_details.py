import io

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from fluvial.replication.compare.canvas import on_one_canvas
from fluvial.replication.compare.details import changed_details


def drawn(style="-", lost=False, label="share (%)", dpi=72, ticks=(0.0, 0.5, 1.0), fonts=10):
    """Draw a line, lone dots and a vertical label."""
    with mpl.rc_context({"font.size": fonts}):
        figure = Figure((5.0, 3.5), dpi=dpi)
        axes = figure.subplots()
        x = np.linspace(0.0, 1.0, 12)
        axes.plot(x[3:] if lost else x, np.cos(3.0 * x)[3:] if lost else np.cos(3.0 * x), "o")
        axes.axvline(0.45, color="black", linestyle=style)
        axes.set(ylabel=label, xticks=ticks, xlim=(-0.1, 1.1), ylim=(-1.2, 1.2))
        data = io.BytesIO()
        figure.savefig(data, format="png", dpi=dpi, bbox_inches="tight")
    return np.asarray(Image.open(data).convert("RGB")) / 255.0


def changes(*pictures):
    pair = on_one_canvas(*pictures)
    return 0 if pair is None else changed_details(*pair)


@pytest.mark.parametrize(
    "change",
    [{"style": "--"}, {"lost": True}, {"label": "shape (%)"}, {"label": "share (‰)"}],
    ids=str,
)
def test_a_small_part_that_changed_is_seen(change):
    assert changes(drawn(), drawn(**change)) > 0


def test_a_label_that_makes_the_picture_larger_hides_no_change():
    larger = drawn(label="a\nshape (%)")
    before = drawn(label="a\nshare (%)", style="-")
    assert larger.shape != drawn().shape
    assert changes(before, larger) > 0
    cropped = drawn()[:, 3:]
    assert changes(drawn(), cropped) == 0
    assert changes(drawn(lost=True), cropped) > 0


def test_what_is_drawn_otherwise_as_a_whole_is_not_a_small_change():
    assert changes(drawn(), drawn()) == 0
    assert changes(drawn(), drawn(fonts=10.4)) == 0
    assert changes(drawn(), drawn(dpi=75)) == 0


def test_the_label_of_a_further_tick_is_no_change():
    assert changes(drawn(), drawn(ticks=(0.0, 0.5))) == 0


def test_pictures_of_other_sizes_are_not_laid_on_one_canvas():
    assert on_one_canvas(drawn(), drawn(dpi=100)) is None
