"""Ctrl-C while modules are imported, which their C extensions turn into errors of other kinds."""

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

from fluvial.cli.exit_codes import ExitCode

__all__ = ["INTERRUPTED", "leaving_at_once"]

INTERRUPTED = "fluvial: interrupted."


@contextmanager
def leaving_at_once() -> Iterator[None]:
    """Leave with a sentence as soon as Ctrl-C is pressed; for as long as nothing is written.

    Whoever has a handler of their own keeps it.
    """
    usual = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if not usual or threading.current_thread() is not threading.main_thread():
        yield
        return
    signal.signal(signal.SIGINT, _leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _leave(*_: Any) -> NoReturn:
    sys.stderr.write(f"{INTERRUPTED}\n")
    sys.stderr.flush()
    os._exit(ExitCode.INTERRUPTED)
