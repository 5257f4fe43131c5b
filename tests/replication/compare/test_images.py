import base64
import io

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from fluvial.replication.compare.images import compare_images
from fluvial.replication.compare.tolerance import Tolerance
from fluvial.replication.compare.windows import worst_window


def drawn(dpi=72, size=(6.0, 4.0), shift=0.0, fonts=10):
    """Draw a curve, points and a legend, as PNG."""
    with mpl.rc_context({"font.size": fonts}):
        figure = Figure(size, dpi=dpi)
        axes = figure.subplots()
        x = np.linspace(0.0, 10.0, 200)
        axes.plot(x, np.sin(x + shift), label="sine")
        axes.plot(x[::10], np.cos(x[::10]), "o", label="cosine")
        axes.set(title="Curves", xlabel="x", ylabel="y")
        axes.legend(loc="upper right")
        data = io.BytesIO()
        figure.savefig(data, format="png", dpi=dpi, bbox_inches="tight")
    return Image.open(data).convert("RGB")


def verdict(recorded, local):
    found = list(compare_images(*map(encoded, (recorded, local)), Tolerance(), "output 1"))
    return [difference.tolerated for difference in found]


def encoded(picture):
    data = io.BytesIO()
    picture.save(data, "PNG")
    return base64.b64encode(data.getvalue()).decode()


def with_hole(picture, left, upper, share):
    pixels = np.asarray(picture).copy()
    height, width = pixels.shape[:2]
    y, x = int(upper * height), int(left * width)
    pixels[y : y + int(share * height), x : x + int(share * width)] = 255
    return Image.fromarray(pixels)


def test_the_same_picture():
    assert verdict(drawn(), drawn()) == []


@pytest.mark.parametrize("dpi", [80, 100, 144])
def test_the_same_plot_in_another_size(dpi):
    assert verdict(drawn(), drawn(dpi)) == [True]


def test_a_plot_of_another_shape():
    assert verdict(drawn(), drawn(size=(4.0, 6.0))) == [False]


def test_another_curve():
    assert verdict(drawn(), drawn(shift=0.5)) == [False]
    assert verdict(drawn(), drawn(100, shift=0.5)) == [False]


@pytest.mark.parametrize(
    ("left", "upper", "share"),
    [(0.2, 0.2, 0.33), (0.4, 0.4, 0.33), (0.3, 0.75, 0.1), (0.45, 0.0, 0.1), (0.75, 0.1, 0.1)],
)
def test_a_hole_is_seen(left, upper, share):
    assert verdict(drawn(), with_hole(drawn(), left, upper, share)) == [False]
    assert verdict(drawn(), with_hole(drawn(100), left, upper, share)) == [False]


def test_lost_colors_are_seen():
    assert verdict(drawn(), drawn().convert("L")) == [False]
    swapped = Image.fromarray(np.asarray(drawn())[..., ::-1].copy())
    assert verdict(drawn(), swapped) == [False]


def test_a_picture_turned_upside_down():
    assert verdict(drawn(), drawn().transpose(Image.Transpose.FLIP_TOP_BOTTOM)) == [False]


def waves(phase):
    """Draw a field of fine waves, the same but for where they lie."""
    x = np.arange(400)
    wave = 0.5 + 0.5 * np.sin(2.0 * np.pi * x / 40.0 + phase)
    return Image.fromarray(np.tile(255.0 * wave, (300, 1)).astype(np.uint8)).convert("RGB")


def test_a_window_that_lost_what_it_showed_counts_for_more_than_one_drawn_otherwise():
    a, b, empty = (np.asarray(picture) / 255.0 for picture in (waves(0.0), waves(1.0), waves(0.0)))
    empty = empty * 0.0 + 0.5
    moved, lost = worst_window(a, b)[0], worst_window(a, empty)[0]
    assert 0.0 < moved < 0.7 * lost
