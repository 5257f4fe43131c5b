import h5py
import numpy as np
import pytest

from fluvial.errors import InputError
from fluvial.targets.grouped_rows import gathered_by_group, grouping
from fluvial.targets.rows import Rows


class Sliced:
    """What has a length and slices, and nothing else."""

    def __init__(self, values):
        self._values = values

    def __len__(self):
        return len(self._values)

    def __getitem__(self, place):
        assert isinstance(place, slice)
        return self._values[place]


def test_blocks_are_those_of_the_arrays_in_whatever_holds_them(tmp_path):
    x, y = np.arange(20.0).reshape(10, 2), np.arange(10)
    np.save(tmp_path / "x.npy", x)
    with h5py.File(tmp_path / "y.h5", "w") as file:
        file["y"] = y
        rows = Rows(
            {"x": np.load(tmp_path / "x.npy", mmap_mode="r"), "y": file["y"], "z": Sliced(y)}
        )
        block, some = rows.block(3, 7), rows.take(np.array([0, 4, 9]))
    np.testing.assert_array_equal(block["x"], x[3:7])
    np.testing.assert_array_equal(block["y"], y[3:7])
    np.testing.assert_array_equal(some["x"], x[[0, 4, 9]])
    np.testing.assert_array_equal(some["y"], [0, 4, 9])
    np.testing.assert_array_equal(some["z"], [0, 4, 9])


def test_small_integers_are_widened_before_they_can_overflow():
    block = Rows(np.full(3, 100, np.int8)).block(0, 3)
    assert (block * block).tolist() == [10_000] * 3


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        ({"x": np.zeros((3, 2)), "y": np.zeros(4)}, "different number .3 of 'x', 4 of 'y'."),
        ({"x": np.zeros((0, 2))}, "the data are empty"),
        ({}, "hold no array"),
        ({"x": 1.0}, "'x' of the data has no rows, being of type float"),
        (np.array(["a", "b"]), "'x' of the data holds <U1: give real numbers"),
        ({"n": np.array([2**64 - 1], np.uint64)}, "overflow 64 bits with a sign"),
    ],
)
def test_what_are_no_rows(data, complaint):
    with pytest.raises(InputError, match=complaint):
        Rows(data)


def test_a_map_that_shrinks_ends_in_a_sentence(tmp_path):
    np.save(tmp_path / "x.npy", np.zeros((100_000, 2)))
    mapped = np.load(tmp_path / "x.npy", mmap_mode="r")
    whole, view = Rows(mapped), Rows(np.asarray(mapped)[:, 0])
    with (tmp_path / "x.npy").open("r+b") as file:
        file.truncate(1000)
    for rows in (whole, view):
        with pytest.raises(InputError, match="has lost rows since the target was made"):
            rows.block(99_000, 100_000)


def test_rows_that_hold_nan_are_told_leaf_by_leaf():
    rows = Rows({"x": np.array([[0.0, np.nan], [1.0, 1.0]]), "y": np.arange(2)})
    (where,) = rows.with_nan(rows.block(0, 2)).values()
    assert where.tolist() == [True, False]


class Failing(Sliced):
    """A reader whose library complains from some point on."""

    broken = False

    def __getitem__(self, place):
        if self.broken:
            raise OSError("can't read data (address overflow)")
        return super().__getitem__(place)


class Shorter(Sliced):
    """A reader that returns fewer rows than its length says."""

    broken = False

    def __getitem__(self, place):
        return super().__getitem__(place)[: 0 if self.broken else None]


READERS = [lambda rows: rows.block(2, 9), lambda rows: rows.take(np.array([2, 9]))]


@pytest.mark.parametrize("read", READERS)
def test_whatever_a_reader_raises_is_one_sentence(read):
    leaf = Failing(np.arange(10))
    rows = Rows({"x": leaf})
    leaf.broken = True
    with pytest.raises(InputError, match=r"rows 2 to 9 of 'x' cannot be read \(OSError: can't"):
        read(rows)


@pytest.mark.parametrize("read", READERS)
def test_a_file_that_was_closed_meanwhile_is_one_sentence(read, tmp_path):
    with h5py.File(tmp_path / "y.h5", "w") as file:
        file["y"] = np.arange(10)
        rows = Rows({"y": file["y"]})
    with pytest.raises(InputError, match="rows 2 to 9 of 'y' cannot be read"):
        read(rows)


@pytest.mark.parametrize("read", READERS)
def test_rows_that_do_not_come_are_told(read):
    leaf = Shorter(np.arange(10))
    rows = Rows({"x": leaf})
    leaf.broken = True
    with pytest.raises(InputError, match="'x' of the data has lost rows"):
        read(rows)


def test_data_that_are_closed_from_the_start_are_one_sentence(tmp_path):
    with h5py.File(tmp_path / "y.h5", "w") as file:
        file["y"] = np.arange(10)
        leaf = file["y"]
    with pytest.raises(InputError, match="'y' of the data"):
        Rows({"y": leaf})


def test_groups_of_a_map_that_shrinks_end_in_a_sentence(tmp_path):
    np.save(tmp_path / "x.npy", np.zeros(100_000))
    group = np.arange(100_000) % 25_000
    data = gathered_by_group({"x": np.load(tmp_path / "x.npy", mmap_mode="r")}, grouping(group))
    rows = Rows(data)
    assert rows.block(7, 9)["rows"]["x"].shape == (2, 4)
    with (tmp_path / "x.npy").open("r+b") as file:
        file.truncate(1000)
    with pytest.raises(InputError, match="'x' of the data has lost rows"):
        rows.block(20_000, 20_100)


def test_groups_scattered_over_a_file_are_gathered(tmp_path):
    y = np.random.default_rng(0).normal(size=60)
    group = np.arange(60) % 20
    with h5py.File(tmp_path / "y.h5", "w") as file:
        file["y"] = y
        rows = Rows(gathered_by_group(file["y"], grouping(group)))
        found = rows.block(3, 5)["rows"]
    np.testing.assert_array_equal(found, [y[[3, 23, 43]], y[[4, 24, 44]]])
