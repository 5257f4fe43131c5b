"""Stan's own compiler, called where it can run: in this process, or in one of its own.

The compiler is written in OCaml, whose runtime takes a signal stack of 8 KiB as it starts and
aborts the process where it gets none. Once XLA has used a CPU's matrix unit (AMX), Linux grants no
stack as small as that: whoever computed with JAX before the first Stan program would lose the
process.
"""

import ctypes
import json
import os
import subprocess
import sys
from pathlib import Path

__all__ = ["to_mir"]

_STACK = 8192
_PROGRAM = """
import json, sys
import stanli
code, folder = json.load(sys.stdin)
try:
    sys.stdout.write(stanli.stan_to_mir(code, include_paths=folder))
except RuntimeError as error:
    sys.exit(str(error))
"""


class _SignalStack(ctypes.Structure):
    _fields_ = (("start", ctypes.c_void_p), ("flags", ctypes.c_int), ("size", ctypes.c_size_t))


def to_mir(code: str, folder: Path | None) -> str:
    """Compile a Stan program to Stan's intermediate representation.

    Args:
        code: the program.
        folder: where files that it includes are.

    Raises:
        RuntimeError: with Stan's message, if the program has an error.

    Example:
        >>> mir = to_mir("parameters { real x; } model { x ~ normal(0, 1); }", None)
    """
    if not _can_start():
        return _elsewhere(code, folder)
    import stanli

    return stanli.stan_to_mir(code, include_paths=folder)


def _can_start() -> bool:
    """Whether this thread could have a signal stack of the size that OCaml asks for."""
    if not sys.platform.startswith("linux"):
        return True
    call = ctypes.CDLL(None).sigaltstack
    memory = ctypes.create_string_buffer(_STACK)
    wanted = _SignalStack(ctypes.cast(memory, ctypes.c_void_p), 0, _STACK)
    before = _SignalStack()
    if call(ctypes.byref(wanted), ctypes.byref(before)):
        return False
    call(ctypes.byref(before), None)
    return True


def _elsewhere(code: str, folder: Path | None) -> str:
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM],
        input=json.dumps([code, folder and str(folder)]).encode(),
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        capture_output=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(done.stderr.decode(errors="replace").strip())
    return done.stdout.decode()
