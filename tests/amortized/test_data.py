import numpy as np
import pytest

from fluvial.amortized import DLGM
from fluvial.amortized.data import order, prepare
from fluvial.datasets import load_digits
from fluvial.errors import InputError

GRAY = np.random.default_rng(0).random((50, 2, 3)).astype(np.float32)
BERNOULLI = DLGM(6, 2, 4)
GAUSSIAN = DLGM(6, 2, 4, likelihood="gaussian")


def test_each_epoch_sees_each_image_once():
    whole = order(3, count=7, start=0, length=28)
    epochs = whole.reshape(4, 7)
    assert all(sorted(epoch) == list(range(7)) for epoch in epochs.tolist())
    assert len({tuple(epoch) for epoch in epochs.tolist()}) == 4


@pytest.mark.parametrize("start", [0, 5, 6, 7, 13])
def test_the_order_is_one_sequence_wherever_it_is_cut(start):
    whole = order(3, count=7, start=0, length=30)
    np.testing.assert_array_equal(order(3, 7, start, 9), whole[start : start + 9])


def test_fresh_binarization_leaves_gray_for_the_steps():
    data = prepare(GRAY, BERNOULLI, "fresh", 0)
    assert data.fresh
    assert data.train.dtype == np.float32
    assert set(np.unique(data.validation)) == {0.0, 1.0}
    assert data.shape == (2, 3)


def test_fixed_binarization_is_done_once():
    data = prepare(GRAY, BERNOULLI, "fixed", 0)
    assert not data.fresh
    assert data.train.dtype == bool


def test_black_and_white_needs_none():
    assert not prepare(GRAY > 0.5, BERNOULLI, "fresh", 0).fresh


def test_other_likelihoods_see_the_pixels():
    data = prepare(GRAY, GAUSSIAN, "fresh", 0)
    assert not data.fresh
    everything = np.concatenate([data.train, data.validation])
    np.testing.assert_array_equal(np.sort(everything.ravel()), np.sort(GRAY.ravel()))


def test_a_data_set_brings_its_own_validation():
    digits = load_digits()
    data = prepare(digits, DLGM(64, 2, 4), "fresh", 0)
    assert (len(data.train), len(data.validation)) == (len(digits.train), len(digits.validation))


@pytest.mark.parametrize(
    ("images", "match"),
    [
        (np.arange(50), "as labels have"),
        (np.where(GRAY > 0.9, np.nan, GRAY), "NaN or infinite"),
        (2 * GRAY, "a bernoulli likelihood produces none outside"),
        (GRAY[:, :1], "the images have 3 pixels each, and the model takes 6"),
        (GRAY[:1], "1 image is too few"),
    ],
)
def test_what_the_model_cannot_take_is_refused(images, match):
    with pytest.raises(InputError, match=match):
        prepare(images, BERNOULLI, "fresh", 0)
