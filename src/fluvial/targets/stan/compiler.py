"""Stan's compiler, which stanli carries inside, run where it can start.

The compiler's runtime puts aside a small stack for signals when it starts, and the kernel refuses
one that could not hold the processor's state. Once a process has asked for AMX tiles, as JAX does
before its first matrix product on a processor that has them, that state has grown by 8 kB, and the
refusal ends the process. A compiler that was started earlier is not affected.
"""

import ctypes
import json
import os
import platform
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

__all__ = ["stan_to_mir"]

_ARCH_PRCTL, _GET_PERMITTED, _TILES = 158, 0x1022, 1 << 18  # Linux on x86-64

_IN_A_PROCESS = """
import json, stanli, sys
code, folders = json.load(sys.stdin)
try:
    print(json.dumps({"mir": stanli.stan_to_mir(code, include_paths=folders)}))
except RuntimeError as error:
    print(json.dumps({"error": str(error)}))
"""

_started = False


def stan_to_mir(code: str, folders: Sequence[Path] | None) -> str:
    """Compile a Stan program, in this process or, where it could not start here, in another.

    Args:
        code: the program.
        folders: where included files are looked for.

    Raises:
        RuntimeError: with Stan's own message, if the program has an error.
    """
    global _started
    if not _started and _tiles_permitted():
        return _in_a_process(code, folders)
    import stanli

    _started = True
    return stanli.stan_to_mir(code, include_paths=folders)


def _tiles_permitted() -> bool:
    """Whether this process has asked for AMX tiles."""
    if sys.platform != "linux" or platform.machine() != "x86_64":
        return False
    permitted = ctypes.c_ulong(0)
    failed = ctypes.CDLL(None).syscall(_ARCH_PRCTL, _GET_PERMITTED, ctypes.byref(permitted))
    return not failed and bool(permitted.value & _TILES)


def _in_a_process(code: str, folders: Sequence[Path] | None) -> str:
    request = json.dumps([code, folders and [str(folder) for folder in folders]])
    run = subprocess.run(
        [sys.executable, "-c", _IN_A_PROCESS],
        input=request,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        capture_output=True,
        text=True,
    )
    if run.returncode:
        raise RuntimeError(f"Stan's compiler ended with exit code {run.returncode}: {run.stderr}")
    result = json.loads(run.stdout)
    if "error" in result:
        raise RuntimeError(result["error"])
    return result["mir"]
