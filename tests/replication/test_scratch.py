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


def test_a_notebook_reads_what_is_above_it_in_its_repository(tmp_path):
    (tmp_path / ".git").mkdir()
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.csv").write_text("1,2")
    (tmp_path / "notebooks").mkdir()
    with scratch_copy(tmp_path / "notebooks") as scratch:
        assert (scratch / ".." / "data" / "a.csv").read_text() == "1,2"


def test_a_given_root(tmp_path):
    (tmp_path / "data.csv").write_text("1,2")
    (tmp_path / "deep").mkdir()
    with scratch_copy(tmp_path / "deep", tmp_path) as scratch:
        assert (scratch / ".." / "data.csv").read_text() == "1,2"
    with pytest.raises(InputError, match="not within"), scratch_copy(tmp_path, tmp_path / "deep"):
        pass


def test_links_that_lead_to_themselves_end(tmp_path):
    repository, outside = tmp_path / "repository", tmp_path / "outside"
    for folder in (repository, outside):
        folder.mkdir()
        for name in ("one", "two"):
            (folder / name).symlink_to(folder)
            (folder / f"{name} up").symlink_to(tmp_path)
        (folder / "data.csv").write_text("1,2")
    (repository / "outside").symlink_to(outside)
    (repository / "loop").symlink_to("loop")
    with scratch_copy(repository) as scratch:
        assert (scratch / "one" / "two" / "data.csv").read_text() == "1,2"
        assert (scratch / "outside" / "data.csv").read_text() == "1,2"
        (scratch / "one" / "data.csv").write_text("gone")
    assert (repository / "data.csv").read_text() == "1,2"
