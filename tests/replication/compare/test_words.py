import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from fluvial.replication.compare.words import exchanged_words, further_labels, other_words


def drawn(names, hinting="default", title="", ticks=(0.0, 0.5)):
    with mpl.rc_context({"text.hinting": hinting}):
        figure = Figure((6.0, 4.0), dpi=72)
        canvas = FigureCanvasAgg(figure)
        axes = figure.subplots()
        for power, name in enumerate(names, 1):
            axes.plot(np.linspace(0.0, 1.0, 50) ** power, label=name)
        axes.legend()
        axes.set(title=title, yticks=ticks)
        canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3] / 255.0


@pytest.mark.parametrize("hinting", ["default", "none"])
def test_a_swapped_legend_is_seen_however_letters_are_drawn(hinting):
    assert exchanged_words(drawn(["train", "test"]), drawn(["test", "train"], hinting))


@pytest.mark.parametrize("names", [("train", "test"), ("red", "rod"), ("a1", "a1")])
def test_words_at_their_places_are_not_exchanged(names):
    assert not exchanged_words(drawn(names), drawn(names, "none"))


def test_words_exchanged_among_several_are_seen():
    before, after = drawn(["lasso", "ridge", "forest"]), drawn(["forest", "ridge", "lasso"], "none")
    assert exchanged_words(before, after)


def test_other_words_are_seen_and_the_same_ones_drawn_otherwise_are_not():
    before = drawn(["a", "b"], title="Loss by epoch")
    assert other_words(before, drawn(["a", "b"], "none", title="Size by year"))
    assert not other_words(before, drawn(["a", "b"], "none", title="Loss by epoch"))


def test_the_label_of_a_further_tick_is_found_on_either_side():
    few, more = drawn(["a", "b"]), drawn(["a", "b"], ticks=(0.0, 0.5, 1.0))
    assert len(further_labels(few, more)) == len(further_labels(more, few)) == 1
    assert further_labels(few, few) == []


def test_a_label_that_is_not_next_in_a_row_is_no_further_one():
    few, more = drawn(["a", "b"]), drawn(["a", "b"], ticks=(0.0, 0.5, 0.8))
    assert further_labels(few, more) == []


def test_a_label_that_is_lost_within_a_row_is_no_further_one():
    every = drawn(["a", "b"], ticks=(0.0, 0.25, 0.5, 0.75, 1.0))
    assert further_labels(every, drawn(["a", "b"], ticks=(0.0, 0.25, 0.75, 1.0))) == []
