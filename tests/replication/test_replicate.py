"""Notebooks that are really executed. Kernels are slow to start, so the tests share two runs."""

import base64
import io
import json
import os
import subprocess
import sys
import time
import warnings

import nbformat
import psutil
import pytest
from PIL import Image

from fluvial import InputError
from fluvial.replication import (
    Tolerance,
    declared_metrics,
    read_notebook,
    replicate,
    save_replication,
)
from fluvial.replication.notebook_run import run_notebook

from .books import book, error, recorded, result, shown, stream, write

_DATA = io.BytesIO()
Image.new("L", (40, 30), 0).save(_DATA, "PNG")
BLACK = base64.b64encode(_DATA.getvalue()).decode()

CELLS = [
    ("import random, sys, time, warnings", []),
    ("print('accuracy: 0.98123')", [stream("accuracy: 0.98124\n")]),
    ("print('loss 0.25')", [stream("loss 0.75\n")]),
    ("import module_beside; open('data.csv').read()", [result("'1,2'")]),
    ("open('data.csv', 'w').write('gone')", [result("4")]),
    ("warnings.warn('only a warning')", [stream("old: OldWarning", "stderr")]),
    (
        "t = time.time(); time.sleep(0.3); print('Training time:', time.time() - t)",
        [stream("Training time: 0.9\n")],
    ),
    ("raise ValueError('as recorded')", [error("ValueError", "as recorded")]),
    ("import no_such_package_here", []),
    ("print(undefined)", [stream("1\n")]),
    # So wide that three of them are never nearly the same.
    ("print(10.0 ** random.uniform(2.0, 200.0))", [stream("150.0\n")]),
    ("for i in range(20_000): print('line', i)", None),
    ("object()", [result("<object at 0x7f3ab2c4d190>")]),
    ("input('name?')", [stream("Ann")]),
    ("from PIL import Image; display(Image.new('L', (40, 30), 255))", [shown(image__png=BLACK)]),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("student")
    (folder / "data.csv").write_text("1,2")
    (folder / "module_beside.py").write_text("")
    notebook = book(*CELLS)
    notebook.cells[1].metadata["fluvial"] = {
        "metrics": {"accuracy": {"pattern": "accuracy: (.*)", "tol": 0.001}}
    }
    write(notebook, folder / "review me.ipynb")
    return folder


@pytest.fixture(scope="module")
def record(folder):
    return read_notebook(str(folder / "review me.ipynb"))


@pytest.fixture(scope="module")
def done(record):
    seen = []
    found = replicate(
        record,
        Tolerance(rtol=1e-3),
        declared_metrics(record),
        repeat=2,
        timeout=60,
        started=lambda run, cell: seen.append((run, cell)),
    )
    assert seen == [(run, cell) for run in (1, 2) for cell in range(1, len(CELLS) + 1)]
    return found


def test_a_verdict_for_each_cell(done):
    assert [cell.verdict for cell in done.cells] == [
        "IDENTICAL",
        "WITHIN_TOLERANCE",
        "DIFFERS",
        "IDENTICAL",
        "IDENTICAL",
        "IDENTICAL",
        "WITHIN_TOLERANCE",
        "IDENTICAL",
        "ERROR",
        "ERROR",
        "WITHIN_TOLERANCE",
        "NOT_RECORDED",
        "WITHIN_TOLERANCE",
        "ERROR",
        "DIFFERS",
    ]
    assert done.verdict == "ERROR"
    assert not done.agrees


def test_differences_are_located(done):
    (loss,) = done.cells[2].differences
    assert (loss.place, loss.line, loss.recorded, loss.local) == (
        "stdout line 1",
        1,
        "0.75",
        "0.25",
    )
    assert loss.relative == pytest.approx(2 / 3)
    (duration,) = done.cells[6].differences
    assert (duration.kind, duration.tolerated) == ("duration", True)
    (random,) = done.cells[10].differences
    assert "varies by itself" in random.reason


def test_a_missing_package_is_one_sentence(done):
    assert done.cells[8].problem == (
        "Cell 9 needs no_such_package_here, which is not installed where the kernel runs: "
        "install it and replicate again."
    )


def test_all_of_a_long_output_arrives(done):
    outputs = done.runs[0].cells[11].outputs
    assert outputs[0]["text"].count("\n") == 20_000


def test_the_original_files_are_left_alone(done, folder):
    assert (folder / "data.csv").read_text() == "1,2"
    assert {path.name for path in folder.iterdir()} == {
        "data.csv",
        "module_beside.py",
        "review me.ipynb",
    }


def test_metrics_are_judged_by_their_own_tolerance(done):
    (metric,) = done.metrics
    assert (metric.verdict, metric.recorded, metric.local) == ("SAME", 0.98124, 0.98123)


def test_saved(done, record, tmp_path):
    save_replication(tmp_path / "out", record, done, Tolerance(), "fluvial replicate x")
    content = json.loads((tmp_path / "out" / "replication.json").read_text())["content"]
    assert (content["verdict"], content["runs"]) == ("ERROR", 2)
    assert content["cells"][2]["differences"][0]["cell"] == 3
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        executed = nbformat.read(tmp_path / "out" / "executed.ipynb", as_version=4)
    assert executed.cells[2].outputs[0].text == "loss 0.25\n"
    assert content["pictures"] == [
        {
            "cell": 15,
            "place": "output 1",
            "recorded": "cell-15-output-1-recorded.png",
            "local": "cell-15-output-1-local.png",
        }
    ]
    with Image.open(tmp_path / "out" / "cell-15-output-1-recorded.png") as picture:
        assert picture.getpixel((0, 0)) == 0


def test_what_a_cell_starts_ends_with_its_kernel(tmp_path):
    source = (
        "import subprocess, sys\n"
        "sleep = [sys.executable, '-c', 'import time; time.sleep(60)']\n"
        "print(subprocess.Popen(sleep, start_new_session=True).pid)"
    )
    run = run_notebook(recorded(book((source, []))), "python3", 60)
    pid = int(run.cells[0].outputs[0]["text"])
    assert not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def test_a_request_to_end_leaves_nothing_behind(tmp_path):
    source = "import time, pathlib\npathlib.Path('{}').touch()\ntime.sleep(60)"
    begun, scratch = tmp_path / "begun", tmp_path / "scratch"
    scratch.mkdir()
    path = write(book((source.format(begun), [result("1")])), tmp_path / "a.ipynb")
    command = ["-c", "from fluvial.cli import main; main()", "replicate", str(path), "--yes", "-q"]
    environment = os.environ | {"TMPDIR": str(scratch)}
    process = subprocess.Popen([sys.executable, *command], env=environment)
    while not begun.exists():
        assert process.poll() is None
        time.sleep(0.1)
    kernels = psutil.Process(process.pid).children(recursive=True)
    process.terminate()
    assert process.wait(60) == 130
    assert list(scratch.iterdir()) == []
    assert not any(kernel.is_running() for kernel in kernels)


def test_a_kernel_that_dies():
    cells = [
        ("print(1)", [stream("1\n")]),
        ("import os; os._exit(1)", []),
        ("print(2)", [stream("2\n")]),
    ]
    done = replicate(recorded(book(*cells)), timeout=60)
    assert [cell.verdict for cell in done.cells] == ["IDENTICAL", "ERROR", "ERROR"]
    assert done.cells[1].problem.startswith("The kernel died in cell 2: ")
    assert done.cells[2].problem == "Cell 3 was not run: the kernel died in cell 2."


def test_a_cell_over_its_time_limit(capfd):
    cells = [("while True: pass", []), ("print(2)", [stream("2\n")])]
    done = replicate(recorded(book(*cells)), timeout=1)
    assert done.cells[0].problem == "Cell 1 ran longer than 1 s: give it more with --timeout."
    assert [cell.verdict for cell in done.cells] == ["ERROR", "ERROR"]
    assert capfd.readouterr().err == ""


def test_a_kernel_that_does_not_start(tmp_path, monkeypatch, capfd):
    folder = tmp_path / "kernels" / "broken"
    folder.mkdir(parents=True)
    program = [sys.executable, "-c", "import no_such_kernel", "-f", "{connection_file}"]
    spec = {"argv": program, "display_name": "broken", "language": "python"}
    (folder / "kernel.json").write_text(json.dumps(spec))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    with pytest.raises(InputError, match=r"does not start .ModuleNotFoundError: No module named"):
        replicate(recorded(book(("1", [result("1")]))), kernel="broken")
    assert capfd.readouterr().err == ""


def test_it_runs_in_the_environment_that_is_given(tmp_path):
    python = tmp_path / "bin" / "python"
    python.parent.mkdir()
    python.write_text(f'#!/bin/sh\nOTHER=yes exec {sys.executable} "$@"\n')
    python.chmod(0o755)
    cell = ("import os; print(os.environ.get('OTHER'))", [stream("yes\n")])
    done = replicate(recorded(book(cell)), timeout=60, python=python)
    assert done.verdict == "IDENTICAL"


def test_cells_that_were_recorded_in_another_order_are_run_in_it_once_more():
    cells = [("x = [1]", []), ("print(x)", [stream("[1, 2]\n")]), ("x += [2]", [])]
    notebook = book(*cells)
    for cell, count in zip(notebook.cells, (1, 3, 2), strict=True):
        cell.execution_count = count
    seen = []
    done = replicate(
        recorded(notebook), timeout=60, started=lambda run, cell: seen.append((run, cell))
    )
    assert (done.cells[1].verdict, done.cells[1].cause) == ("DIFFERS", "order of execution")
    assert seen == [(1, 1), (1, 2), (1, 3), (2, 1), (2, 3), (2, 2)]
    assert len(done.runs) == 1
