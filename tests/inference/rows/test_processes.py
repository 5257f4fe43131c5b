import json
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.inference.rows_program import measured

PROGRAM = Path(__file__).parents[1] / "rows_program.py"


def _two_processes() -> list[subprocess.Popen[str]]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    command = [sys.executable, str(PROGRAM), address, "2"]
    pipe = subprocess.PIPE
    return [
        subprocess.Popen([*command, str(rank)], stdout=pipe, stderr=pipe, text=True)
        for rank in range(2)
    ]


@pytest.mark.slow
def test_a_process_whose_other_is_killed_ends_with_a_sentence_and_its_own_exit_code():
    left, killed = _two_processes()
    assert killed.stdout is not None
    while "fitting" not in killed.stdout.readline():
        assert killed.poll() is None
    killed.kill()
    said = left.communicate(timeout=60)[1]  # JAX's own way out waits for longer
    assert "another of the 2 processes has stopped" in said
    assert left.returncode == 1
    killed.communicate()


@pytest.mark.slow
def test_two_processes_with_rows_of_their_own_find_what_one_finds():
    started = _two_processes()
    alone = measured()
    for process in started:
        output = process.communicate(timeout=500)[0]
        assert process.returncode == 0
        found = json.loads(output.splitlines()[-1])
        assert found["verdict"] == alone["verdict"] == "GOOD"
        np.testing.assert_allclose(found["values"], alone["values"], rtol=1e-12)
        np.testing.assert_allclose(found["gradients"], alone["gradients"], rtol=1e-8, atol=1e-8)
        assert found["log_evidence"] == pytest.approx(alone["log_evidence"], abs=1e-4)
        shift = np.subtract(found["mean"], alone["mean"]) / alone["sd"]
        np.testing.assert_allclose(shift, 0.0, atol=1e-3)
