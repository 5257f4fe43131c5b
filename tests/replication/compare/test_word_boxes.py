import numpy as np

from fluvial.replication.compare.word_boxes import word_boxes


def test_what_is_larger_or_smaller_than_a_word_is_left_out():
    picture = np.ones((60, 80))
    picture[4:10, 4:20] = 0.0  # a word
    picture[14:54, 4:40] = 0.0  # a filled area
    picture[4:6, 60:62] = 0.0  # a point
    (rows, columns), *others = word_boxes(picture, (4, 24), (5, 120))
    assert not others
    assert rows == slice(4, 10)
    assert columns.start <= 4
    assert columns.stop >= 20


def test_letters_apart_by_little_are_one_word():
    picture = np.ones((20, 60))
    for left in (5, 12, 19):
        picture[6:13, left : left + 5] = 0.0  # two pixels between them
    picture[6:13, 45:52] = 0.0  # and far away another one
    assert len(list(word_boxes(picture, (4, 24), (5, 120)))) == 2
