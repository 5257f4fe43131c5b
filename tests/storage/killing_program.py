"""Saves to a folder, and dies at the first step, at the second, and so on, until one save is done.

Run as ``killing_program.py DIRECTORY OVER``, where OVER says what the folder holds before. After
each death it prints what is read from the folder: "old", "new" or "none"; then it saves again, and
fails if that leaves anything behind. A step is whatever the interpreter's audit events tell of.
"""

import os
import shutil
import sys
from pathlib import Path

from fluvial.errors import InputError
from fluvial.storage.folder import read_folder, write_folder

OLD = {"x": "old"}, {"a.bin": b"old", "b.bin": b"old"}
NEW = {"x": "new"}, {"a.bin": b"new", "c.bin": b"newer"}
AGAIN = {"x": "again"}, {"a.bin": b"again"}
EVENTS = ("open", "os.", "fcntl.", "shutil.")


def prepare(folder: Path, over: str) -> None:
    shutil.rmtree(folder.parent, ignore_errors=True)
    folder.parent.mkdir()
    if over == "results":
        write_folder(folder, "posterior", *OLD)
    elif over == "an empty folder":
        folder.mkdir()


def save(folder: Path, deadly: int) -> None:
    """Save the new results and, at the step of that number, die."""
    steps = 0

    def count(event, _):
        nonlocal steps
        if event.startswith(EVENTS):
            steps += 1
            if steps > deadly:
                os._exit(1)

    sys.addaudithook(count)
    write_folder(folder, "posterior", *NEW)


def found(folder: Path) -> str:
    try:
        results = read_folder(folder, "posterior")
    except InputError:
        return "none"
    assert results in (OLD, NEW), results
    return results[0]["x"]


def check_tidy(folder: Path) -> None:
    write_folder(folder, "posterior", *AGAIN)
    assert read_folder(folder, "posterior") == AGAIN
    assert os.listdir(folder.parent) == [folder.name], os.listdir(folder.parent)
    assert sorted(os.listdir(folder)) == ["a.bin", "posterior.json"], os.listdir(folder)


def main(directory: str, over: str) -> None:
    folder = Path(directory, "results", "run")
    prepare(folder, "results")  # so that whatever is imported on the way is
    for deadly in range(200):
        prepare(folder, over)
        child = os.fork()
        if child == 0:
            save(folder, deadly)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        sys.stdout.write(found(folder) + "\n")
        check_tidy(folder)
        if status == 0:
            return
    raise AssertionError("no save was ever done")


if __name__ == "__main__":
    main(*sys.argv[1:])
