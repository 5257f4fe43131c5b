import math
import subprocess
import sys

import pytest

from fluvial.amortized.checkpoints import Checkpoints
from fluvial.errors import InputError

HOLDER = """
import sys
from pathlib import Path
from fluvial.amortized.checkpoints import Checkpoints
folder = Checkpoints(Path(sys.argv[1]), resume=True)
print("locked", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def holder(tmp_path):
    """Another process that trains in a folder, and that folder."""
    folder = tmp_path / "run"
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "locked\n"
        yield process, folder
        process.kill()


@pytest.mark.parametrize("resume", [True, False])
def test_a_folder_belongs_to_one_process(holder, resume):
    _, folder = holder
    with pytest.raises(InputError, match="run is in use by another run: wait for it"):
        Checkpoints(folder, resume=resume)


def test_a_process_that_was_killed_does_not_keep_the_folder(holder):
    process, folder = holder
    process.kill()
    process.wait()
    Checkpoints(folder, resume=True).close()


def test_a_closed_folder_is_free_again(tmp_path):
    first = Checkpoints(tmp_path / "run", resume=False)
    with pytest.raises(InputError, match="in use"):
        Checkpoints(tmp_path / "run", resume=True)
    first.close()
    Checkpoints(tmp_path / "run", resume=True).close()


def test_a_refused_folder_is_left_unlocked(tmp_path):
    first = Checkpoints(tmp_path / "run", resume=False)
    first.write(1, {}, {})
    first.close()
    with pytest.raises(InputError, match="holds a training already"):
        Checkpoints(tmp_path / "run", resume=False)
    Checkpoints(tmp_path / "run", resume=True).close()


def test_only_what_a_killed_training_left_is_removed(tmp_path):
    Checkpoints(tmp_path, resume=False).close()
    kept = [tmp_path / ".git", tmp_path / "checkpoints" / ".keep"]
    left = [
        tmp_path / ".model.0123456789ab",
        tmp_path / ".0123456789ab.metrics.jsonl",
        tmp_path / "checkpoints" / ".000000012.0123456789ab",
    ]
    for path in (*kept, *left):
        path.mkdir()
    Checkpoints(tmp_path, resume=True).close()
    assert [path.exists() for path in (*kept, *left)] == [True] * 2 + [False] * 3


def test_metrics_that_are_not_finite_come_back_as_they_were(tmp_path):
    folder = Checkpoints(tmp_path / "run", resume=False)
    folder.append({"step": 1, "train_bound": math.nan, "validation_bound": -math.inf})
    (line,) = folder.lines(1)
    assert math.isnan(line["train_bound"])
    assert line["validation_bound"] == -math.inf
    folder.close()
