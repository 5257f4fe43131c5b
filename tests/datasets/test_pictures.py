import io
import tarfile

import numpy as np
import pytest
from PIL import Image

from fluvial.datasets.pictures import read_folder_of_pictures, read_tar_of_pictures
from fluvial.errors import InputError
from tests.datasets.files import color, gray, png


def test_gray_pictures_have_no_channels(tmp_path):
    for k, image in enumerate(gray(3, 5)):
        (tmp_path / f"{k}.png").write_bytes(png(image))
    np.testing.assert_array_equal(read_folder_of_pictures(tmp_path), gray(3, 5))


def test_one_in_color_makes_all_color(tmp_path):
    (tmp_path / "a.png").write_bytes(png(gray(1, 5)[0]))
    (tmp_path / "b.PNG").write_bytes(png(color(1, 5)[0]))
    (tmp_path / "notes.txt").write_text("no picture")
    read = read_folder_of_pictures(tmp_path)
    np.testing.assert_array_equal(read[0], np.repeat(gray(1, 5)[0][..., None], 3, -1))
    np.testing.assert_array_equal(read[1], color(1, 5)[0])


def test_sizes_that_differ(tmp_path):
    (tmp_path / "a.png").write_bytes(png(gray(1, 5)[0]))
    (tmp_path / "b.png").write_bytes(png(gray(1, 6)[0]))
    with pytest.raises(InputError, match=r"b.png is 6x6 pixels and .*a.png is 5x5: bring all"):
        read_folder_of_pictures(tmp_path)


def test_a_picture_of_16_bits(tmp_path):
    Image.fromarray(np.full((4, 4), 60_000, np.uint16)).save(tmp_path / "deep.png")
    with pytest.raises(InputError, match=r"deep.png is of Pillow's mode I;16, more than 8 bits"):
        read_folder_of_pictures(tmp_path)


@pytest.mark.parametrize("kept", [-30, 0])
def test_a_damaged_picture(tmp_path, kept):
    (tmp_path / "cut.png").write_bytes(png(gray(1)[0])[:kept])
    with pytest.raises(InputError, match=r"cut.png is no picture that can be read, or damaged"):
        read_folder_of_pictures(tmp_path)


def test_a_folder_without_pictures(tmp_path):
    with pytest.raises(InputError, match="holds no pictures: put PNG or JPEG files in it"):
        read_folder_of_pictures(tmp_path)


def test_a_file_that_is_no_tar(tmp_path):
    (tmp_path / "a.tar").write_text("no tar")
    with pytest.raises(InputError, match=r"a.tar is a damaged tar"):
        read_tar_of_pictures(tmp_path / "a.tar", "train")


def test_a_compressed_tar_that_is_cut_short_anywhere(tmp_path):
    path = tmp_path / "a.tar.gz"
    pictures = np.random.default_rng(0).integers(0, 256, (60, 32, 32), dtype=np.uint8)
    with tarfile.open(path, "w:gz") as tar:
        for k, image in enumerate(pictures):
            content = png(image)
            member = tarfile.TarInfo(f"train/{k:02d}.png")
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    assert len(read_tar_of_pictures(path, "train")["train"]) == 60
    whole = path.read_bytes()
    for kept in range(200, len(whole), 301):
        path.write_bytes(whole[:kept])
        with pytest.raises(InputError, match=r"a.tar.gz is a damaged tar"):
            read_tar_of_pictures(path, "train")
