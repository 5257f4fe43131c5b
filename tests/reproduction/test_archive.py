"""One file of many: the same bytes for the same files, and no belief in what it says of itself."""

import io
import zipfile

import pytest

from fluvial.reproduction.archive import pack, unpack

FILES = {"b.json": b"{}", "a.npz": bytes(range(256)), "a.json": b""}


def zipped(members, compression=zipfile.ZIP_STORED):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return buffer.getvalue()


def test_files_come_back():
    assert unpack(pack(FILES), FILES) == FILES
    assert unpack(pack({}), []) == {}


def test_the_bytes_are_those_of_the_files_alone(monkeypatch):
    before = pack(FILES)
    monkeypatch.setattr("time.time", lambda: 1e9)
    monkeypatch.setattr("sys.platform", "win32")
    assert pack(dict(reversed(FILES.items()))) == before


def test_other_files_are_refused():
    with pytest.raises(ValueError, match="not of the study"):
        unpack(pack(FILES), ["a.json", "b.json"])
    with pytest.raises(ValueError, match="not of the study"):
        unpack(zipped([("../a.json", b"")]), ["a.json"])


def test_a_name_that_is_there_twice_is_refused():
    with pytest.warns(UserWarning, match="Duplicate"):
        data = zipped([("a.json", b"1"), ("a.json", b"2")])
    with pytest.raises(ValueError, match="not of the study"):
        unpack(data, ["a.json"])


def test_a_bomb_is_refused():
    with pytest.raises(ValueError, match="compressed"):
        unpack(zipped([("a.json", b" " * 10**6)], zipfile.ZIP_DEFLATED), ["a.json"])


@pytest.mark.parametrize("length", [0, 1, 30, 200])
def test_an_archive_that_is_cut_short_is_refused(length):
    with pytest.raises(ValueError, match=r"."):
        unpack(pack(FILES)[:length], FILES)
