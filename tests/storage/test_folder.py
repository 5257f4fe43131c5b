import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from fluvial.errors import InputError
from fluvial.storage import folder as folder_module
from fluvial.storage import sealed
from fluvial.storage.folder import check_folder, read_folder, write_folder
from fluvial.storage.writing import check_file, replaced

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
        check_file(tmp_path / "a.csv")
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


def test_results_of_which_half_are_in_their_place_are_read_whole(folder, monkeypatch):
    replace, moved = os.replace, []

    def interrupted(source, target):
        if moved:
            raise KeyboardInterrupt
        moved.append(target)
        replace(source, target)

    new = {"a.bin": b"new", "b.txt": b"newer"}
    with monkeypatch.context() as patched:
        patched.setattr(os, "replace", interrupted)
        with pytest.raises(KeyboardInterrupt):
            write_folder(folder, "posterior", {"x": 2}, new)
    assert read_folder(folder, "posterior") == ({"x": 2}, new)
    write_folder(folder, "posterior", {"x": 3}, new)
    assert sorted(os.listdir(folder)) == ["a.bin", "b.txt", "posterior.json"]


def test_files_that_earlier_results_had_and_later_ones_do_not_are_removed(folder):
    (folder / "notes.txt").write_text("mine")
    write_folder(folder, "posterior", {"x": 2}, {"a.bin": b"new"})
    assert sorted(os.listdir(folder)) == ["a.bin", "notes.txt", "posterior.json"]


def test_a_folder_in_the_place_of_a_file_is_noticed_before_anything_is_written(folder):
    (folder / "c.bin").mkdir()
    with pytest.raises(InputError, match=r"c\.bin is a folder"):
        write_folder(folder, "posterior", {"x": 2}, {"c.bin": b"new"})
    assert read_folder(folder, "posterior") == (CONTENT, FILES)


@pytest.mark.parametrize("over", ["nothing", "results", "an empty folder"])
def test_killed_at_any_step_it_leaves_old_or_new_results_and_the_next_write_tidies_up(
    tmp_path, over
):
    program = Path(__file__).with_name("killing_program.py")
    done = subprocess.run(
        [sys.executable, program, tmp_path, over], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    outcomes = done.stdout.split()
    assert len(outcomes) > 15
    assert set(outcomes) == ({"old", "new"} if over == "results" else {"none", "new"})
    assert outcomes == sorted(outcomes, reverse=True)


def test_results_that_are_replaced_while_they_are_read_are_read_again(folder, monkeypatch):
    read, new = folder_module.read_file, {"a.bin": b"new", "b.txt": b"newer"}

    def overtaken(path):
        data = read(path)
        if path.name == "posterior.json" and b'"x": 1.5' in data:
            monkeypatch.setattr(folder_module, "read_file", read)
            write_folder(folder, "posterior", {"x": 2}, new)
        return data

    monkeypatch.setattr(folder_module, "read_file", overtaken)
    assert read_folder(folder, "posterior") == ({"x": 2}, new)


def test_one_file_leaves_nothing_beside_it_even_after_a_crash(tmp_path):
    (tmp_path / ".new-page.html").write_text("half of i")
    with replaced(tmp_path / "page.html") as fresh:
        fresh.write_text("all of it")
    assert os.listdir(tmp_path) == ["page.html"]


@pytest.mark.parametrize("name", ["../secret", "/etc/hostname", "a/b", "..", ".", "", "a\\b", "\0"])
def test_a_manifest_reaches_no_file_outside_its_folder(folder, name):
    (folder.parent / "secret").write_bytes(b"secret")
    reseal(folder, files={name: sealed.sha256(b"secret")})
    with pytest.raises(InputError, match="is not what fluvial writes"):
        read_folder(folder, "posterior")


@pytest.mark.parametrize("name", ["a.bin", "posterior.json"])
def test_nor_through_a_symbolic_link(folder, name):
    (folder / name).rename(folder.parent / name)
    (folder / name).symlink_to(folder.parent / name)
    with pytest.raises(InputError, match="not one of its own"):
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


@pytest.mark.parametrize("text", ["[]", "{}", "\xff", "{", "null", "", "[" * 100_000])
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


def reseal(folder, **changes):
    fields = json.loads((folder / "posterior.json").read_text()) | changes
    known = {name: fields.pop(name) for name in ("format", "kind", "content")}
    fields.pop("sha256")
    data = sealed.encode(known["kind"], known["format"], known["content"], **fields)
    (folder / "posterior.json").write_bytes(data)


@pytest.mark.parametrize("value", [None, [], "a.bin", 3, {"a.bin": None}, {"a.bin": "0" * 63}])
def test_a_sealed_manifest_of_another_structure(folder, value):
    reseal(folder, files=value)
    with pytest.raises(InputError, match="is not what fluvial writes"):
        read_folder(folder, "posterior")


@pytest.mark.parametrize("name", ["a.bin", "posterior.json"])
def test_a_folder_where_a_file_was(folder, name):
    (folder / name).unlink()
    (folder / name).mkdir()
    with pytest.raises(InputError, match=name):
        read_folder(folder, "posterior")


def test_another_kind(folder):
    reseal(folder, kind="replication")
    with pytest.raises(InputError, match="holds replication, not posterior"):
        read_folder(folder, "posterior")


def test_another_version(folder):
    edit(folder, format=2)
    with pytest.raises(InputError, match="is of format 2, and this fluvial reads format 1"):
        read_folder(folder, "posterior")
