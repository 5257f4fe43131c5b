import numpy as np
import pytest

from fluvial.datasets.image_arrays import understood
from fluvial.errors import InputError
from tests.datasets.files import color, gray


def shapes():
    alphas = np.zeros((12, 9, 9), np.uint8)
    for k, alpha in enumerate(alphas):
        alpha[k % 4 : k % 4 + 3, 2:6] = 255
    return alphas


RGBA = np.concatenate([np.full((12, 9, 9, 3), 255, np.uint8), shapes()[..., None]], axis=-1)
OPAQUE = np.concatenate([color(12, 9), np.full((12, 9, 9, 1), 255, np.uint8)], axis=-1)
ALPHA = "the alpha is taken as the picture, since the color is the same everywhere"

FLOATS = "floats from 0 to 255 are taken as 255ths, unless the likelihood is gaussian"


@pytest.mark.parametrize(
    ("values", "pixels", "notes"),
    [
        (color(5, 8), color(5, 8), ()),
        (
            np.moveaxis(color(5, 8), -1, 1),
            color(5, 8),
            ("shape (5, 3, 8, 8) is taken as channels first",),
        ),
        (
            gray(5, 8)[:, None],
            gray(5, 8),
            ("shape (5, 1, 8, 8) is taken as channels first",),
        ),
        (gray(5, 8)[..., None], gray(5, 8), ()),
        (
            color(5, 8)[:, :3],
            color(5, 8)[:, :3],
            ("shape (5, 3, 8, 3) is taken as channels last, though either could be",),
        ),
        (
            np.repeat(gray(5, 8)[..., None], 3, -1),
            gray(5, 8),
            ("three equal channels are taken as one",),
        ),
        (RGBA, shapes(), (ALPHA,)),
        (RGBA / 255.0, shapes() > 0, (ALPHA,)),
        (RGBA > 0, shapes() > 0, (ALPHA,)),
        (
            np.moveaxis(RGBA, -1, 1),
            shapes(),
            ("shape (12, 4, 9, 9) is taken as channels first", ALPHA),
        ),
        (OPAQUE, color(12, 9), ("the alpha is dropped, since all is opaque",)),
        (
            gray(5, 8).astype(float),
            gray(5, 8),
            (FLOATS,),
        ),
    ],
)
def test_what_is_guessed_is_right_and_said(values, pixels, notes):
    read, said = understood(values, "x")
    np.testing.assert_array_equal(read, pixels)
    assert (read.dtype, said) == (pixels.dtype, notes)


@pytest.mark.parametrize("dtype", [">i4", ">u2", "i1", "u8", "f2", ">f8", "f4"])
def test_every_type_of_number_is_read(dtype):
    values = (gray(5, 8) // 2).astype(dtype)
    read, _ = understood(values, "x")
    np.testing.assert_array_equal(read, gray(5, 8) // 2)
    assert read.dtype in (np.uint8, np.float32)


def test_floats_between_bytes_are_scaled_too():
    values = np.random.default_rng(0).uniform(0, 255, (5, 8, 8))
    read, notes = understood(values, "x")
    np.testing.assert_allclose(read, values / 255, rtol=1e-6)
    assert notes[0].startswith("floats from 0.")


@pytest.mark.parametrize(
    "values",
    [np.linspace(-1, 1, 320).reshape(5, 8, 8), np.linspace(0, 3, 320).reshape(5, 8, 8)],
)
def test_other_floats_stay_as_they_are(values):
    read, notes = understood(values, "x")
    np.testing.assert_allclose(read, values, rtol=1e-6)
    assert notes == ()


def test_digits_in_16ths_are_said_not_to_be_shares():
    _, notes = understood(gray(5, 8).astype(float) // 15.01, "x")
    assert notes == ("whole numbers from 0 to 16 are taken as they stand, not as shares of 16",)


def test_one_picture_in_color_is_said_to_be_taken_for_many():
    _, notes = understood(color(1, 32)[0], "x")
    assert notes == ("shape (32, 32, 3) is taken as 32 gray images 3 wide, not as one in color",)


@pytest.mark.parametrize(("wanted", "shape"), [(False, (5, 8, 8)), (True, (5, 8, 8, 3))])
def test_color_can_be_asked_for(wanted, shape):
    assert understood(color(5, 8), "x", wanted)[0].shape == shape


def test_nothing_to_learn():
    with pytest.raises(InputError, match="x is blank, 0 in every pixel"):
        understood(np.zeros((5, 8, 8), np.uint8), "x")
