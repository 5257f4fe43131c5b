import json
import os
from pathlib import Path

import pytest

from fluvial.errors import InputError
from fluvial.storage.folder import check_folder, read_folder, write_folder

FILES = {"a.bin": b"\x00\x01", "b.txt": b"two"}
CONTENT = {"x": 1.5, "name": "ü", "nothing": None}


@pytest.fixture
def folder(tmp_path) -> Path:
    write_folder(tmp_path / "run", "posterior", CONTENT, FILES)
    return tmp_path / "run"


def test_what_is_written_is_read(folder):
    assert read_folder(folder, "posterior") == (CONTENT, FILES)
    assert sorted(os.listdir(folder)) == ["a.bin", "b.txt", "posterior.json"]


def test_folders_above_are_made_and_nothing_is_left_beside(tmp_path):
    write_folder(tmp_path / "a" / "b", "posterior", CONTENT, FILES)
    assert os.listdir(tmp_path / "a") == ["b"]


def test_results_of_the_same_kind_are_replaced_and_others_kept(folder):
    (folder / "pair.png").write_bytes(b"picture")
    write_folder(folder, "posterior", {"x": 2}, FILES)
    assert read_folder(folder, "posterior")[0] == {"x": 2}
    assert (folder / "pair.png").read_bytes() == b"picture"
    assert os.listdir(folder.parent) == ["run"]


def test_an_empty_folder_may_be_written(tmp_path):
    write_folder(tmp_path, "posterior", CONTENT, FILES)
    assert read_folder(tmp_path, "posterior") == (CONTENT, FILES)


def test_a_folder_of_something_else_is_not_touched(tmp_path):
    (tmp_path / "thesis.tex").write_text("precious")
    with pytest.raises(InputError, match="not empty and holds no saved posterior"):
        write_folder(tmp_path, "posterior", CONTENT, FILES)
    assert os.listdir(tmp_path) == ["thesis.tex"]


def test_a_file_in_the_way(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="file is a file: choose a folder"):
        check_folder(tmp_path / "file", "posterior")
    with pytest.raises(InputError, match=r"cannot be written: .*file is a file"):
        check_folder(tmp_path / "file" / "run", "posterior")


def test_no_permission_to_write(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    with pytest.raises(InputError, match="cannot be written: Permission denied"):
        check_folder(tmp_path / "run", "posterior")


@pytest.mark.parametrize("exists", [False, True])
def test_a_full_disk_leaves_nothing_and_loses_nothing(tmp_path, monkeypatch, exists):
    if exists:
        write_folder(tmp_path / "run", "posterior", CONTENT, FILES)

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(InputError, match="cannot be written: No space left on device"):
        write_folder(tmp_path / "run", "posterior", {"x": 2}, FILES)
    assert os.listdir(tmp_path) == (["run"] if exists else [])
    if exists:
        assert read_folder(tmp_path / "run", "posterior") == (CONTENT, FILES)


def test_half_replaced_results_are_not_read(folder, monkeypatch):
    replace, moved = os.replace, []

    def interrupted(source, target):
        if moved:
            raise KeyboardInterrupt
        moved.append(target)
        replace(source, target)

    monkeypatch.setattr(os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_folder(folder, "posterior", {"x": 2}, {"a.bin": b"new", "b.txt": b"new"})
    with pytest.raises(InputError, match=r"a\.bin is not as it was written"):
        read_folder(folder, "posterior")


@pytest.mark.parametrize("name", ["a.bin", "posterior.json"])
def test_truncated(folder, name):
    path = folder / name
    path.write_bytes(path.read_bytes()[:-2])
    with pytest.raises(InputError, match=f"{name} is not as it was written"):
        read_folder(folder, "posterior")


@pytest.mark.parametrize("name", ["a.bin", "posterior.json"])
def test_missing(folder, name):
    (folder / name).unlink()
    with pytest.raises(InputError, match=name):
        read_folder(folder, "posterior")


@pytest.mark.parametrize("text", ["[]", "{}", "\xff", "{"])
def test_a_manifest_that_is_none(folder, text):
    (folder / "posterior.json").write_text(text, encoding="latin-1")
    with pytest.raises(InputError, match="not as it was written"):
        read_folder(folder, "posterior")


def edit(folder, **changes):
    path = folder / "posterior.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_edited(folder):
    edit(folder, content=CONTENT | {"x": 1.6})
    with pytest.raises(InputError, match="not as it was written"):
        read_folder(folder, "posterior")


def test_only_the_layout_edited(folder):
    edit(folder)
    assert read_folder(folder, "posterior") == (CONTENT, FILES)


def test_another_version(folder):
    edit(folder, format=2)
    with pytest.raises(InputError, match="is of format 2, and this fluvial reads format 1"):
        read_folder(folder, "posterior")
