import os
import subprocess
import sys
import threading

import pytest

from fluvial.errors import InputError
from fluvial.storage.locks import in_use, saving

HOLD = """
import sys
from pathlib import Path
from fluvial.storage.locks import in_use
with in_use(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def held_elsewhere(folder):
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "held\n"
    return process


def test_a_lock_dies_with_the_process_that_holds_it(tmp_path):
    folder = tmp_path / "run"
    with held_elsewhere(folder) as process:
        with pytest.raises(InputError, match="run is in use by another run"), in_use(folder):
            pass
        process.kill()
        process.wait()
    with in_use(folder):
        pass
    assert os.listdir(tmp_path) == []


def test_whoever_waits_gets_the_lock_after_its_file_was_removed(tmp_path):
    order, entered, leave = [], threading.Event(), threading.Event()

    def first():
        with saving(tmp_path / "run"):
            entered.set()
            leave.wait(30)
            order.append("first")

    holder = threading.Thread(target=first)
    holder.start()
    assert entered.wait(30)
    threading.Timer(0.2, leave.set).start()
    with saving(tmp_path / "run"):
        order.append("second")
    holder.join()
    assert order == ["first", "second"]


def test_many_threads_never_hold_a_lock_at_the_same_time(tmp_path):
    counted = 0

    def add():
        nonlocal counted
        for _ in range(20):
            with saving(tmp_path / "count"):
                before = counted
                os.sched_yield()
                counted = before + 1

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counted == 80


def test_a_lock_is_no_way_to_write_through_a_link(tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    (tmp_path / ".run.lock").symlink_to(tmp_path / "mine.txt")
    with pytest.raises(InputError, match="run cannot be written"), in_use(tmp_path / "run"):
        pass
    assert (tmp_path / "mine.txt").read_text() == "mine"


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(InputError, match=r"run cannot be written: .*/file is a file"),
        in_use(tmp_path / "file" / "run"),
    ):
        pass
