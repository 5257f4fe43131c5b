import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from tests.amortized.training_program import BATCH, EPOCHS, trained

PROGRAM = Path(__file__).with_name("training_program.py")
FLAGS = "--xla_backend_optimization_level=0"


@pytest.fixture(scope="module")
def alone():
    """What one device measures."""
    return [dict(line) for line in trained(EPOCHS, BATCH).history]


def _start(*arguments, devices: int = 1, **environment) -> subprocess.Popen:
    flags = f"{FLAGS} --xla_force_host_platform_device_count={devices}"
    return subprocess.Popen(
        [sys.executable, PROGRAM, *(str(argument) for argument in arguments)],
        env={**os.environ, "XLA_FLAGS": flags, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _end(process: subprocess.Popen) -> tuple[int, str, str]:
    output, errors = process.communicate(timeout=200)
    return process.returncode, output, errors


def _said(output: str) -> list[dict]:
    return json.loads(output.splitlines()[-1])  # Gloo says something before


def _coordinator() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{probe.getsockname()[1]}"


def _assert_same(measured, alone):
    assert [line["step"] for line in measured] == [line["step"] for line in alone]
    for name in ("train_bound", "validation_bound"):
        np.testing.assert_allclose(
            [line[name] for line in measured], [line[name] for line in alone], rtol=1e-4
        )
    assert alone[0]["train_bound"] < alone[-1]["train_bound"] - 2  # it has learned something


@pytest.mark.slow
def test_four_devices_measure_what_one_does(alone):
    code, output, errors = _end(_start(EPOCHS, BATCH, devices=4))
    assert code == 0, errors
    _assert_same(_said(output), alone)


@pytest.mark.slow
def test_two_processes_that_slurm_started_measure_what_one_does(alone, tmp_path):
    job = {
        "SLURM_JOB_ID": str(os.getpid()),  # decides the port
        "SLURM_STEP_NODELIST": "localhost",
        "SLURM_NTASKS": "2",
    }
    processes = [
        _start(EPOCHS, BATCH, tmp_path / "run", SLURM_PROCID=rank, SLURM_LOCALID=rank, **job)
        for rank in "01"
    ]
    ends = [_end(process) for process in processes]
    assert [code for code, _, _ in ends] == [0, 0], ends
    for _, output, _ in ends:
        _assert_same(_said(output), alone)
    lines = (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()
    assert len(lines) == len(alone)  # one process wrote


@pytest.mark.slow
def test_a_process_that_is_killed_leaves_what_resumes_on_other_devices(alone, tmp_path):
    address, folder = _coordinator(), tmp_path / "run"
    first, second = (_start(EPOCHS, BATCH, folder, address, 2, rank) for rank in range(2))
    while len(list(folder.glob("checkpoints/[0-9]*"))) < 2:
        assert first.poll() is None, _end(first)
        time.sleep(0.05)
    second.send_signal(signal.SIGKILL)
    code, _, errors = _end(first)
    second.communicate()
    assert code == 1
    assert "InputError: a step failed, most likely since another of the 2 processes" in errors
    assert "resume, on any number of devices, to go on from the last checkpoint" in errors
    begun = len((folder / "metrics.jsonl").read_text().splitlines())
    assert 2 <= begun < len(alone)
    resumed = trained(EPOCHS, BATCH, folder)
    _assert_same([dict(line) for line in resumed.history], alone)


@pytest.mark.slow
def test_processes_that_differ_are_told_apart(tmp_path):
    address = _coordinator()
    processes = [_start(epochs, BATCH, "", address, 2, rank) for rank, epochs in enumerate((1, 2))]
    for code, _, errors in map(_end, processes):
        assert code != 0
        assert "process 1 has not the same images, recipe, seed and model as process 0" in errors
