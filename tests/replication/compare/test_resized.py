import base64
import io

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.figure import Figure

from fluvial.replication.compare.images import compare_images
from fluvial.replication.compare.tolerance import Tolerance


def drawn(dpi, title="Decay", unit="time (s)"):
    """Draw a curve at a resolution, cropped to what it shows."""
    data = io.BytesIO()
    with mpl.rc_context({"font.size": 10}):
        figure = Figure((6.0, 4.0), dpi=dpi)
        axes = figure.subplots()
        x = np.linspace(0.0, 10.0, 100)
        axes.plot(x, np.exp(-x / 3.0), label="train")
        axes.legend()
        axes.set(title=title, xlabel=unit)
        figure.savefig(data, format="png", dpi=dpi, bbox_inches="tight")
    return base64.b64encode(data.getvalue()).decode()


@pytest.mark.parametrize("dpi", [80, 100, 144])
def test_the_same_words_at_another_resolution(dpi):
    (difference,) = compare_images(drawn(72), drawn(dpi), Tolerance(), "output 1")
    assert difference.tolerated


@pytest.mark.parametrize("change", [{"title": "Delay"}, {"unit": "time (ms)"}])
def test_another_letter_is_seen_at_another_resolution(change):
    (difference,) = compare_images(drawn(72), drawn(100, **change), Tolerance(), "output 1")
    assert not difference.tolerated
    assert "words changed" in difference.reason
    assert difference.relative is not None
    assert difference.relative < 0.1  # which alone would not have told
