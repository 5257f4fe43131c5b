import numpy as np
import pytest
import scipy.stats

from fluvial.datasets import (
    binarize,
    dequantize,
    load_dataset,
    load_digits,
    load_photo_patches,
    random_patches,
    to_unit,
)
from fluvial.errors import InputError
from tests.datasets.files import color, gray


def test_digits_are_all_there_once():
    from sklearn import datasets

    data = load_digits()
    read = np.concatenate([data.train, data.validation, data.test]) * 16
    assert read.sum() == datasets.load_digits().images.sum()
    assert len(read) == 1797


def test_patches_of_the_parts_come_from_strips_of_their_own():
    from sklearn import datasets

    photographs = np.stack(datasets.load_sample_images().images)
    data = load_photo_patches()
    for patches, rows in ((data.train, (0, 299)), (data.test, (363, 427))):
        strip = photographs[:, rows[0] : rows[1]]
        corners = {tuple(c) for c in strip.reshape(-1, 3)}
        assert {tuple(c) for c in patches[:, 0, 0]} <= corners


def test_the_parts_of_one_seed_are_not_cut_where_the_next_seeds_cut_theirs():
    from sklearn import datasets

    strip = np.stack(datasets.load_sample_images().images)[:, 299:363]
    validation = load_photo_patches(0).validation
    for seed in range(3):
        assert not np.array_equal(validation, random_patches(strip, len(validation), seed))


def test_a_patch_is_a_window_of_an_image():
    images = np.random.default_rng(0).integers(256, size=(3, 10, 12, 1)).astype(np.uint8)
    windows = np.lib.stride_tricks.sliding_window_view(images, (8, 8), axis=(1, 2))
    known = {w.tobytes() for w in windows.reshape(-1, 8, 8)}
    patches = random_patches(images, 500, seed=0)
    assert {p[..., 0].tobytes() for p in patches} <= known
    assert len({p.tobytes() for p in patches}) == len(known) == 3 * 3 * 5


def test_patches_are_seeded():
    images = color(4)
    same = [random_patches(images, 50, seed) for seed in (1, 1, 2)]
    np.testing.assert_array_equal(same[0], same[1])
    assert (same[0] != same[2]).any()


def test_binarization_is_seeded_and_unbiased():
    pixels = gray(6000, 6)
    white = binarize(pixels, seed=3)
    np.testing.assert_array_equal(white, binarize(pixels, seed=3))
    assert (white != binarize(pixels, seed=4)).any()
    residual = white - to_unit(pixels)
    assert abs(residual.mean()) < 5 * 0.5 / np.sqrt(pixels.size)
    assert not white[pixels == 0].any()
    assert white[pixels == 255].all()


def test_what_is_black_and_white_stays():
    pixels = gray(3) > 100
    np.testing.assert_array_equal(binarize(pixels), pixels)


def test_floats_beyond_the_unit_interval_are_not_drawn():
    with pytest.raises(InputError, match="cannot be drawn black or white"):
        binarize(np.array([[1.5]], np.float32))


def test_a_data_set_is_mapped_part_by_part():
    data = load_digits().map(binarize)
    assert data.train.dtype == data.test.dtype == bool
    np.testing.assert_array_equal(data.test, binarize(load_digits().test, 2))


def test_by_name_or_by_path(tmp_path):
    np.save(tmp_path / "own.npy", gray(20))
    assert load_dataset("digits", "gaussian").likelihood == "gaussian"
    assert load_dataset(tmp_path / "own.npy").name == "own"
    with pytest.raises(InputError, match=r"no file or folder 'mnits'.* digits, photo-patches"):
        load_dataset("mnits")


def test_levels_are_spread_evenly_and_can_be_read_again():
    levels = np.arange(256, dtype=np.uint8).repeat(2_000).reshape(-1, 4)
    spread = dequantize(levels, seed=3)
    np.testing.assert_array_equal((spread * 256).astype(np.uint8), levels)
    noise = spread.astype(np.float64) * 256 - levels
    assert scipy.stats.kstest(noise.ravel(), "uniform").pvalue > 1e-3
    np.testing.assert_array_equal(spread, dequantize(levels, seed=3))
    assert (spread != dequantize(levels, seed=4)).mean() > 0.99


def test_numbers_without_levels_are_not_dequantized():
    with pytest.raises(InputError, match="give bytes"):
        dequantize(np.zeros((2, 2), np.float32))
