import gzip

import numpy as np
import pytest

from fluvial.datasets.idx import read_idx
from fluvial.errors import InputError
from tests.datasets.files import gray, idx_bytes


@pytest.mark.parametrize(
    ("code", "dtype"), [(8, "u1"), (9, "i1"), (11, "i2"), (12, "i4"), (13, "f4"), (14, "f8")]
)
def test_every_type_is_read(tmp_path, code, dtype):
    values = np.arange(-3, 9).astype(dtype).reshape(2, 3, 2)
    path = tmp_path / "values"
    path.write_bytes(idx_bytes(values, code))
    read = read_idx(path)
    np.testing.assert_array_equal(read, values)
    assert read.dtype == np.dtype(dtype)


def test_gzip_is_known_by_its_content(tmp_path):
    path = tmp_path / "images"
    path.write_bytes(gzip.compress(idx_bytes(gray(2)), mtime=0))
    np.testing.assert_array_equal(read_idx(path), gray(2))


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"PK not idx", "is not an IDX file"),
        (b"", "is not an IDX file"),
        (idx_bytes(gray(2))[:9], "cut short in its header"),
        (idx_bytes(gray(2))[:-1], "says that it holds 1568 bytes of values, and holds 1567"),
        (idx_bytes(gray(2)) + b"x", "says that it holds 1568 bytes of values, and holds 1569"),
        (
            gzip.compress(idx_bytes(gray(2)) + bytes(10**6), mtime=0),
            "1568 bytes of values, and holds more",
        ),
        (gzip.compress(idx_bytes(gray(2))[:-1], mtime=0), "1568 bytes of values, and holds 1567"),
        (b"\0\0\x08\x03" + b"\x70" * 12, "bytes of values, and holds 0"),
        (gzip.compress(b"\0\0\x08\x03" + b"\x70" * 12, mtime=0), "hold .*TB, which no images do"),
        (b"\0\0\x08\xc8" + bytes(800), "has 200 axes"),
        (gzip.compress(idx_bytes(gray(2)), mtime=0)[:-20], "gzipped and damaged"),
        (b"\x1f\x8bnonsense", "gzipped and damaged"),
    ],
)
def test_damage_is_named(tmp_path, content, complaint):
    path = tmp_path / "images"
    path.write_bytes(content)
    with pytest.raises(InputError, match=complaint):
        read_idx(path)


def test_a_missing_file(tmp_path):
    with pytest.raises(InputError, match="cannot be read: No such file"):
        read_idx(tmp_path / "absent")
