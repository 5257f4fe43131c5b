import struct
import zipfile

import numpy as np
import pytest

from fluvial.datasets.npy import read_npy, read_npz
from fluvial.errors import InputError
from tests.datasets.files import gray


def header(shape, dtype="<f8", version=b"\x01\x00"):
    text = f"{{'descr': '{dtype}', 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
    return b"\x93NUMPY" + version + struct.pack("<H", len(text)) + text.encode()


@pytest.mark.parametrize(
    "values",
    [
        gray(5, 4),
        np.asfortranarray(gray(5, 4)),
        gray(5, 4).astype(">i4"),
        gray(5, 4) > 9,
        gray(5, 4).astype(np.float16),
    ],
)
def test_arrays_are_read_as_numpy_reads_them(tmp_path, values):
    np.save(tmp_path / "x.npy", values)
    np.savez_compressed(tmp_path / "x.npz", images=values, names=np.array(["a"], object))
    for read in (read_npy(tmp_path / "x.npy"), read_npz(tmp_path / "x.npz")[0]):
        np.testing.assert_array_equal(read, values)
        assert read.dtype == values.dtype


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (header((999_999_999, 784)), "says that it holds 6,271,999,993,728 bytes, an array of fl"),
        (header((2**62, 2**62)), "and holds 0: save it again"),
        (header((2, 2)) + bytes(31), "says that it holds 32 bytes, .* and holds 31: save it again"),
        (header((2, 2)) + bytes(33), "says that it holds 32 bytes, .* and holds 33: save it again"),
        (header((-2, -2)) + bytes(32), "is damaged or not a NumPy file"),
        (header("1" * 200), "is damaged or not a NumPy file"),
        (header((2, 2), version=b"\x09\x00") + bytes(32), "records with named fields"),
        (header((2, 2))[:50], "is damaged or not a NumPy file"),
        (header((2, 2), "|O") + bytes(32), "Python objects, .* never unpickled"),
    ],
)
def test_headers_that_lie(tmp_path, content, complaint):
    (tmp_path / "x.npy").write_bytes(content)
    with pytest.raises(InputError, match=complaint):
        read_npy(tmp_path / "x.npy")
    with zipfile.ZipFile(tmp_path / "x.npz", "w") as archive:
        archive.writestr("x.npy", content)
    with pytest.raises(InputError, match=complaint):
        read_npz(tmp_path / "x.npz")


def test_an_array_that_was_made_to_fill_the_memory(tmp_path):
    np.savez_compressed(tmp_path / "x.npz", images=np.zeros((70, 1024, 1024), np.uint8))
    with pytest.raises(InputError, match=r"x.npz: images says that its .* hold 73.4 MB, which no"):
        read_npz(tmp_path / "x.npz")


def test_an_array_larger_than_memory(tmp_path, monkeypatch):
    monkeypatch.setattr("fluvial.datasets.limits.memory", lambda: 1000)
    np.save(tmp_path / "x.npy", gray(5, 8))
    with pytest.raises(
        InputError, match="holds 320 bytes of pixels, and training on more than 250"
    ):
        read_npy(tmp_path / "x.npy")
