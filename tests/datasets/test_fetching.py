import hashlib
import socket

import pytest

from fluvial.datasets.fetching import data_folder, download
from fluvial.errors import InputError

CONTENT = b"seven"
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def unreachable() -> str:
    """An address where nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}/"


def test_what_was_fetched_is_kept(mirror, tmp_path):
    folder, address = mirror
    (folder / "a.gz").write_bytes(CONTENT)
    path = download("A", "a.gz", [address], SHA256)
    assert path == tmp_path / "cache" / "datasets" / "a.gz"
    assert path.read_bytes() == CONTENT
    (folder / "a.gz").unlink()
    assert download("A", "a.gz", [address], SHA256) == path


def test_the_next_mirror_is_tried(mirror, unreachable):
    folder, address = mirror
    (folder / "a.gz").write_bytes(CONTENT)
    assert download("A", "a.gz", [unreachable, address], SHA256).read_bytes() == CONTENT


def test_a_corrupt_download_is_not_kept(mirror, unreachable, tmp_path):
    folder, address = mirror
    (folder / "a.gz").write_bytes(CONTENT[:-1])
    with pytest.raises(InputError, match=r"a.gz came from .* corrupt \(its checksum"):
        download("A", "a.gz", [address, unreachable], SHA256)
    assert not list((tmp_path / "cache").rglob("a.gz"))


def test_a_corrupt_file_in_the_cache_is_fetched_again(mirror, tmp_path):
    folder, address = mirror
    (folder / "a.gz").write_bytes(CONTENT)
    cached = tmp_path / "cache" / "datasets" / "a.gz"
    cached.parent.mkdir(parents=True)
    cached.write_bytes(b"cut")
    assert download("A", "a.gz", [address], SHA256).read_bytes() == CONTENT


def test_no_network_says_what_to_do(unreachable):
    with pytest.raises(InputError, match=r"get a.gz from .* name its folder as --data or FLUVIAL"):
        download("A", "a.gz", [unreachable], SHA256)


def test_the_folder_named_comes_before_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("FLUVIAL_DATA", str(tmp_path))
    assert data_folder(None) == tmp_path
    (tmp_path / "other").mkdir()
    assert data_folder(str(tmp_path / "other")) == tmp_path / "other"
    monkeypatch.setenv("FLUVIAL_DATA", str(tmp_path / "absent"))
    with pytest.raises(InputError, match=r"absent \(FLUVIAL_DATA\) is not a folder"):
        data_folder(None)
