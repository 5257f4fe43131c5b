import io

import numpy as np
import pytest
from PIL import Image

from fluvial.errors import InputError
from fluvial.studies.cnn_pil.images import from_arrays, from_png, to_png

RNG = np.random.default_rng(0)


def test_png_keeps_every_pixel():
    images = RNG.integers(0, 256, (5, 28, 28)).astype(np.uint8)
    np.testing.assert_array_equal(from_png(to_png(images), 28), from_arrays(images, 28))
    np.testing.assert_array_equal(from_arrays(images, 28), images / np.float32(255))


def test_resizing_differs_by_rounding_alone():
    images = RNG.integers(0, 256, (5, 8, 8)).astype(np.uint8)
    apart = np.abs(from_png(to_png(images), 16) - from_arrays(images, 16))
    # Half of a 255th for each of Pillow's two passes, across and down.
    assert 0.0 < apart.max() < 1.001 / 255


def test_pictures_in_color_become_gray():
    file = io.BytesIO()
    Image.new("RGB", (8, 8), (255, 255, 255)).save(file, format="PNG")
    assert from_png([file.getvalue()], 8).tolist() == np.ones((1, 8, 8)).tolist()


@pytest.mark.parametrize(
    "broken", [b"", b"not a picture", to_png(np.zeros((1, 8, 8), "u1"))[0][:40]]
)
def test_a_broken_picture_is_named(broken):
    whole = to_png(np.zeros((1, 8, 8), np.uint8))[0]
    with pytest.raises(InputError, match="picture 1 cannot be decoded"):
        from_png([whole, broken], 8)
