import numpy as np
import pytest
from PIL import Image, ImageDraw

from fluvial.replication.compare.letters import changed_words

WORDS = ("0.0", "0.5", "1.0", "1.5", "time (s)", "signal", "a", "b", "Decay")


def picture(*words, shift=0.0):
    page = Image.new("RGB", (300, 200), "white")
    draw = ImageDraw.Draw(page)
    for at, word in enumerate(words):
        draw.text((20 + 90 * (at % 3), 20 + 55 * (at // 3) + shift), word, fill="black")
    return np.asarray(page, np.float64) / 255.0


@pytest.mark.parametrize(
    ("old", "new"), [("a", "c"), ("time (s)", "time (ms)"), ("Decay", "Delay"), ("0.5", "0.6")]
)
def test_a_word_among_words_that_are_the_same_to_the_pixel_is_another_word(old, new):
    words = [new if word == old else word for word in WORDS]
    assert changed_words(picture(*WORDS), picture(*words)) == 1


def test_words_that_have_changed_places_are_two():
    swapped = [{"a": "b", "b": "a"}.get(word, word) for word in WORDS]
    assert changed_words(picture(*WORDS), picture(*swapped)) == 2


def test_where_all_letters_are_drawn_otherwise_nothing_is_said():
    assert changed_words(picture(*WORDS), picture(*WORDS, shift=3.0)) == 0
    assert changed_words(picture(*WORDS), picture(*WORDS)[:100]) == 0


def test_what_is_moved_by_a_pixel_is_the_same_word():
    before = picture(*WORDS)
    after = before.copy()
    after[:60, :90] = np.roll(before[:60, :90], 1, axis=0)
    assert changed_words(before, after) == 0


def test_a_label_that_one_of_them_lacks_is_no_other_word():
    assert changed_words(picture(*WORDS), picture(*WORDS[:-1])) == 0
