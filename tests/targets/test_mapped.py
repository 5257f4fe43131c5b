import numpy as np
import pytest

from fluvial.errors import InputError
from fluvial.targets.mapped import mapped


@pytest.fixture
def saved(tmp_path):
    x = np.arange(60.0, dtype=np.float32).reshape(20, 3)
    np.save(tmp_path / "x.npy", x)
    return tmp_path / "x.npy", x


def test_a_map_its_views_and_its_copy_on_write_are_read_as_they_are(saved):
    path, x = saved
    whole = np.load(path, mmap_mode="r")
    changed = np.load(path, mmap_mode="c")
    changed[4] = -1.0
    for leaf, expected in (
        (whole, x),
        (whole[5:], x[5:]),
        (np.asarray(whole)[:, 1], x[:, 1]),
        (whole[::2], x[::2]),
        (changed, np.asarray(changed)),
    ):
        file = mapped("x", leaf)
        assert file is not None
        np.testing.assert_array_equal(file.read(2, 7), expected[2:7])
        np.testing.assert_array_equal(file.take(np.array([0, 8])), expected[[0, 8]])


def test_what_was_changed_through_a_map_is_read(saved):
    path, _ = saved
    leaf = np.load(path, mmap_mode="r+")
    leaf[3] = 7.0
    assert mapped("x", leaf).read(3, 4).tolist() == [[7.0, 7.0, 7.0]]
    assert mapped("x", leaf).take(np.array([3])).tolist() == [[7.0, 7.0, 7.0]]


def test_rows_that_a_file_has_lost_are_not_made_up(saved):
    path, x = saved
    file = mapped("x", np.load(path, mmap_mode="r"))
    file.check = lambda: None  # as if it shrank just after
    with path.open("r+b") as opened:
        opened.truncate(128 + 10 * 12)
    np.testing.assert_array_equal(file.take(np.array([1, 9, 12, 19])), x[[1, 9]])


def test_an_array_in_memory_is_no_map():
    assert mapped("x", np.zeros(3)) is None


def test_a_file_that_is_gone_is_told(saved):
    path, _ = saved
    file = mapped("x", np.load(path, mmap_mode="r"))
    path.unlink()
    with pytest.raises(InputError, match="the file behind 'x' is gone"):
        file.read(0, 1)
