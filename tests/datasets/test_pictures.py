import io
import shutil
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fluvial.datasets.pictures import read_archive, read_folder, read_tar_of_pictures
from fluvial.errors import InputError
from tests.datasets.files import color, gray, png


def save(folder, pictures, suffix="png", **options):
    folder.mkdir(parents=True, exist_ok=True)
    for k, picture in enumerate(pictures):
        if isinstance(picture, np.ndarray):
            picture = Image.fromarray(picture)
        picture.save(folder / f"{k:02}.{suffix}", **options)
    return folder


def shapes(count=12, size=9):
    """Squares at places that differ: 0, and 255 inside."""
    alphas = np.zeros((count, size, size), np.uint8)
    for k, alpha in enumerate(alphas):
        alpha[k % 4 : k % 4 + 3, 2:6] = 255
    return alphas


def with_alpha(rgb, alphas):
    return [np.dstack([np.broadcast_to(rgb, (*a.shape, 3)).astype(np.uint8), a]) for a in alphas]


def palette(alpha):
    picture = Image.fromarray((alpha > 0).astype(np.uint8), "P")
    picture.putpalette([255] * 6)
    picture.info["transparency"] = 0
    return picture


def test_gray_pictures_have_no_channels(tmp_path):
    save(tmp_path, gray(3, 5))
    read = read_folder(tmp_path)
    np.testing.assert_array_equal(read.pixels, gray(3, 5))
    assert read.notes == ()


ALPHA = ("the alpha is taken as the picture, since the color is the same everywhere",)


@pytest.mark.parametrize(
    "pictures",
    [
        with_alpha(255, shapes()),
        with_alpha(0, shapes()),
        with_alpha((200, 30, 90), shapes()),
        [np.dstack([alpha] * 4) for alpha in shapes()],  # black where nothing is seen
        [Image.fromarray(np.dstack([255 - a * 0, a]), "LA") for a in shapes()],
        [palette(alpha) for alpha in shapes()],
    ],
    ids=["white", "black", "red", "premultiplied", "gray and alpha", "palette"],
)
def test_where_only_the_alpha_differs_it_is_the_picture(tmp_path, pictures):
    read = read_folder(save(tmp_path, pictures))
    np.testing.assert_array_equal(read.pixels, shapes())
    assert read.notes[-1:] == ALPHA


@pytest.mark.parametrize(("low", "ground", "word"), [(0, 255, "white"), (200, 0, "black")])
def test_other_transparent_pictures_are_laid_on_what_shows_them(tmp_path, low, ground, word):
    content = low + gray(12, 9) // 5
    read = read_folder(
        save(tmp_path, [np.dstack([c] * 3 + [a]) for c, a in zip(content, shapes(), strict=True)])
    )
    np.testing.assert_array_equal(read.pixels, np.where(shapes() > 0, content, ground))
    assert read.notes[-1] == f"transparent parts are laid on {word}"


@pytest.mark.parametrize(
    ("alpha", "note"),
    [
        (255, "all 4 are opaque, and their alpha is dropped"),
        (128, "the alpha is dropped, since it is the same everywhere"),
    ],
)
def test_an_alpha_that_says_nothing_is_dropped(tmp_path, alpha, note):
    save(tmp_path, [np.dstack([c, np.full((5, 5), alpha, np.uint8)]) for c in color(4, 5)])
    read = read_folder(tmp_path)
    np.testing.assert_array_equal(read.pixels, color(4, 5))
    assert read.notes == (note,)


def test_one_in_color_becomes_gray_unless_color_is_asked_for(tmp_path):
    save(tmp_path, [*gray(3, 5), color(1, 5)[0]])
    read = read_folder(tmp_path)
    luminance = np.asarray(Image.fromarray(color(1, 5)[0]).convert("L"))
    np.testing.assert_array_equal(read.pixels[:3], gray(3, 5))
    np.testing.assert_allclose(read.pixels[3].astype(int), luminance, atol=1)
    assert read.notes == ("1 of 4 are in color and were turned to gray (--color keeps it)",)
    np.testing.assert_array_equal(read_folder(tmp_path, color=True).pixels[3], color(1, 5)[0])


def test_one_in_gray_becomes_color(tmp_path):
    save(tmp_path, [*color(3, 5), gray(1, 5)[0]])
    read = read_folder(tmp_path)
    np.testing.assert_array_equal(read.pixels[3], np.repeat(gray(1, 5)[0][..., None], 3, -1))
    assert read.notes == ("1 of 4 are gray and were given three equal channels",)
    assert read_folder(tmp_path, color=False).pixels.shape == (4, 5, 5)


def test_gray_that_is_stored_in_color_is_gray(tmp_path):
    read = read_folder(save(tmp_path, [np.dstack([g] * 3) for g in gray(3, 5)]))
    np.testing.assert_array_equal(read.pixels, gray(3, 5))
    assert read.notes == ("all 3 are stored in color but gray",)


def test_sizes_that_differ_are_offered_a_resize_that_works(tmp_path):
    save(tmp_path, [*gray(3, 5), gray(1, 6)[0]])
    with pytest.raises(InputError, match=r"03.png is 6x6 pixels, while 3 of 4 .*--size 5x5"):
        read_folder(tmp_path)
    read = read_folder(tmp_path, size=(5, 5))
    np.testing.assert_array_equal(read.pixels[:3], gray(3, 5))
    assert read.notes == ("1 of 4 are resized to 5x5",)


def test_16_bits_are_rounded_to_8(tmp_path):
    save(tmp_path, [g.astype(np.uint16) * 257 for g in gray(3, 5)])
    read = read_folder(tmp_path)
    np.testing.assert_array_equal(read.pixels, gray(3, 5))
    assert read.notes == ("all 3 are of 16 bits and were rounded to 8",)


def test_floats_in_a_picture_are_refused(tmp_path):
    save(tmp_path, [gray(1, 5)[0].astype(np.float32)], "tiff")
    with pytest.raises(InputError, match=r"00.tiff is of Pillow's mode F, more than 8 bits"):
        read_folder(tmp_path)


def test_pictures_are_turned_upright(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # its first row is the right side
    save(tmp_path, [g[:, :4] for g in gray(3, 6)], exif=exif)
    read = read_folder(tmp_path)
    np.testing.assert_array_equal(read.pixels, np.rot90(gray(3, 6)[..., :4], -1, (1, 2)))
    assert read.notes == ("all 3 are turned upright as their EXIF data say",)


def test_the_first_frame_of_an_animation_is_taken(tmp_path):
    frames = [Image.fromarray(g) for g in gray(2, 5)]
    save(tmp_path, frames[:1], "gif", save_all=True, append_images=frames[1:])
    read = read_folder(tmp_path)
    np.testing.assert_array_equal(read.pixels, gray(2, 5)[:1])
    assert read.notes == ("all 1 are of several frames, and the first is taken",)


@pytest.mark.parametrize("mode", ["1", "P", "CMYK"])
def test_other_modes_are_read(tmp_path, mode):
    pictures = [Image.fromarray(c).convert(mode) for c in color(3, 5)]
    read = read_folder(save(tmp_path, pictures, "tiff"))
    assert read.pixels.shape == ((3, 5, 5) if mode == "1" else (3, 5, 5, 3))
    assert read.pixels.max() > 200


def nested(folder):
    """Pictures in two folders, beside what a system and a user leave."""
    for k, image in enumerate(gray(4, 5)):
        save(folder / "ab"[k % 2], [image], "PNG")
        (folder / "ab"[k % 2] / "00.PNG").rename(folder / "ab"[k % 2] / f"{k}.PNG")
    (folder / "a" / "._0.PNG").write_bytes(b"of another system")
    (folder / ".DS_Store").write_bytes(b"of another system")
    (folder / "notes.txt").write_text("no picture")
    return folder


def test_folders_zips_and_tars_give_the_same(tmp_path):
    folder = nested(tmp_path / "own")
    paths = [
        shutil.make_archive(str(tmp_path / kind), kind, folder) for kind in ("zip", "tar", "gztar")
    ]
    expected = gray(4, 5)[[0, 2, 1, 3]]
    for read in (read_folder(folder), *(read_archive(Path(path)) for path in paths)):
        np.testing.assert_array_equal(read.pixels, expected)
        assert read.notes == (
            "other files are passed over: 1, such as notes.txt",
            "2 folders are read as one, and their names are not used",
        )


def test_a_picture_that_would_fill_the_memory_is_not_decoded(tmp_path):
    Image.new("L", (10_000, 9_000)).save(tmp_path / "a.png")
    with pytest.raises(InputError, match=r"a.png claims more than the 89,478,485 pixels that are"):
        read_folder(tmp_path)
    Image.new("L", (2_000, 2_000)).save(tmp_path / "a.png")
    with pytest.raises(InputError, match=r"2000x2000 pixels, more than .*, as --size 64x64 does"):
        read_folder(tmp_path)
    assert read_folder(tmp_path, size=(4, 3)).pixels.shape == (1, 3, 4)


def test_pictures_that_do_not_fit_in_memory_are_not_decoded(tmp_path, monkeypatch):
    monkeypatch.setattr("fluvial.datasets.limits.memory", lambda: 10_000)
    save(tmp_path, gray(30, 10))
    with pytest.raises(InputError, match=r"does not fit this machine's memory"):
        read_folder(tmp_path)


@pytest.mark.parametrize("kept", [-30, 0])
def test_a_damaged_picture(tmp_path, kept):
    (tmp_path / "cut.png").write_bytes(png(gray(1)[0])[:kept])
    with pytest.raises(InputError, match=r"cut.png is damaged, or not a picture"):
        read_folder(tmp_path)


def test_a_folder_without_pictures(tmp_path):
    with pytest.raises(InputError, match="holds no pictures: put PNG or JPEG files in it"):
        read_folder(tmp_path)


def test_a_folder_of_arrays_names_them(tmp_path):
    np.save(tmp_path / "x.npy", gray(3))
    with pytest.raises(InputError, match=r"holds no pictures, but x.npy: put"):
        read_folder(tmp_path)


def test_a_zip_that_is_damaged_or_encrypted(tmp_path):
    path = Path(shutil.make_archive(str(tmp_path / "own"), "zip", save(tmp_path / "f", gray(2, 5))))
    data = path.read_bytes()
    path.write_bytes(data[:60] + b"xxxx" + data[64:])
    with pytest.raises(InputError, match=r"own.zip is a damaged zip|damaged, or not a picture"):
        read_archive(path)
    place = data.rindex(b"PK\x01\x02")
    path.write_bytes(data[: place + 8] + b"\x01" + data[place + 9 :])  # the flag of encryption
    with pytest.raises(InputError, match=r"own.zip cannot be read|is a damaged zip"):
        read_archive(path)


def test_a_zip_of_nothing_much_is_not_unpacked(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.png", bytes(70 * 2**20))
    with pytest.raises(InputError, match=r"a.zip says that its .* hold 73.4 MB, which no images"):
        read_archive(tmp_path / "a.zip")


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
