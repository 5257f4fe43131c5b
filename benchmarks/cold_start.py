"""From the shell prompt to the printed verdict of ``fluvial fit`` on the eight schools."""

import sys
import tempfile
from pathlib import Path

from benchmarks.subprocesses import Finished, run

__all__ = ["report"]

_EXAMPLES = Path(__file__).parent.parent / "examples"


def report(repetitions: int) -> None:
    """Print seconds and peak memory with the compilation cache empty, and then as it was left."""
    program, data = _EXAMPLES / "eight_schools.stan", _EXAMPLES / "eight_schools.json"
    fluvial = Path(sys.executable).parent / "fluvial"
    command = [str(fluvial), "fit", str(program), "--data", str(data)]
    print("$ fluvial fit examples/eight_schools.stan --data examples/eight_schools.json")
    with tempfile.TemporaryDirectory() as cache:
        # Left empty, JAX's own variable does not outweigh fluvial's.
        environment = {"FLUVIAL_CACHE": cache, "JAX_COMPILATION_CACHE_DIR": ""}
        for number in range(1 + repetitions):
            finished = run(command, environment)
            _print(f"run {number + 1}, cache {'full' if number else 'empty'}", finished)


def _print(label: str, finished: Finished) -> None:
    verdict = [line for line in finished.output.splitlines() if "verdict" in line.lower()]
    last = finished.output.strip().splitlines()[-1:]
    said = verdict[-1].strip() if verdict else f"exit code {finished.returncode}: {last}"
    print(
        f"  {label:<20}{finished.seconds:7.2f} s{finished.peak_megabytes:8.0f} MB   {said}",
        flush=True,
    )
