import pytest

from fluvial import InputError
from fluvial.replication import scratch
from fluvial.replication.scratch import scratch_copy


def test_files_beside_are_copied_and_never_written(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.csv").write_text("1")
    (tmp_path / "link.csv").symlink_to(tmp_path / "data" / "a.csv")
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    for name in (".git", "__pycache__"):
        (tmp_path / name).mkdir()
    with scratch_copy(tmp_path) as copy:
        assert sorted(path.name for path in copy.iterdir()) == ["data", "link.csv"]
        (copy / "link.csv").write_text("2")
        (copy / "data" / "a.csv").write_text("3")
    assert not copy.exists()
    assert (tmp_path / "data" / "a.csv").read_text() == "1"


def test_an_empty_folder_for_a_notebook_from_the_web():
    with scratch_copy(None) as folder:
        assert list(folder.iterdir()) == []


def test_too_much_is_not_copied(tmp_path, monkeypatch):
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "data.bin").write_bytes(bytes(2000))
    monkeypatch.setattr(scratch, "_MOST_BYTES", 1000)
    with pytest.raises(InputError, match="too much to copy"), scratch_copy(tmp_path):
        pass
