"""Run a command to its end; seconds and peak memory as the system counts them."""

import os
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from typing import NamedTuple

__all__ = ["Finished", "run"]


class Finished(NamedTuple):
    """What a command did."""

    returncode: int
    output: str
    """Both streams, in the order written."""
    seconds: float
    peak_megabytes: float
    """Largest resident set."""


def run(command: Sequence[str], environment: Mapping[str, str] | None = None) -> Finished:
    """Run a command, with variables added to this process's environment."""
    with tempfile.TemporaryFile("w+") as output:
        start = time.perf_counter()
        process = subprocess.Popen(
            command, stdout=output, stderr=output, env={**os.environ, **(environment or {})}
        )
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        return Finished(process.returncode, output.read(), seconds, usage.ru_maxrss / 1024)
