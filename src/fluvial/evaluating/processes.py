"""Processes of our own that evaluate a function, and are killed when a call takes too long.

They are started as programs, not forked, since a fork hangs on the threads of JAX, and not spawned
by ``multiprocessing``, which would run the user's script again.
"""

import selectors
import subprocess
import sys
import time
import weakref
from collections.abc import Callable, Iterator, Sequence
from typing import Any, final

import cloudpickle
import numpy as np

from fluvial.errors import InputError, described
from fluvial.evaluating.calling import CallFailure
from fluvial.evaluating.worker import receive, send

__all__ = ["Processes"]


@final
class Processes:
    """So many processes, each with a copy of a function.

    Args:
        function: of one argument; it travels by cloudpickle.
        count: how many processes.
        timeout: the most seconds of a call, or None.

    Raises:
        InputError: if the function cannot be sent.

    Example:
        >>> processes = Processes(sum, 1, timeout=60.0)
        >>> list(processes.map([[1, 2], [3, 4]]))
        [(0, 3), (1, 7)]
    """

    def __init__(self, function: Callable[[Any], Any], count: int, timeout: float | None):
        try:
            self._function = cloudpickle.dumps(function)
        except Exception as error:
            raise InputError(
                f"the function cannot be sent to another process ({described(error)}): make it of "
                "functions and arrays alone, or leave out `workers` and `timeout`."
            ) from error
        self._count, self._timeout = count, timeout
        self._idle: list[subprocess.Popen] = []
        self._all: set[subprocess.Popen] = set()
        weakref.finalize(self, _stop, self._all)

    def map(self, arguments: Sequence[Any]) -> Iterator[tuple[int, Any]]:
        """Yield (i, result or ``CallFailure``) of each argument, as soon as each is known."""
        waiting = iter(enumerate(arguments))
        with selectors.DefaultSelector() as busy:
            try:
                while True:
                    self._hand_out(waiting, busy)
                    if not busy.get_map():
                        return
                    yield from self._collect(busy)
            finally:  # nobody waits for what is still under way
                for key in list(busy.get_map().values()):
                    self._kill(key.data[0])

    def _hand_out(self, waiting: Iterator, busy: selectors.BaseSelector) -> None:
        while len(busy.get_map()) < self._count:
            following = next(waiting, None)
            if following is None:
                return
            index, argument = following
            process = self._given(argument)
            deadline = np.inf if self._timeout is None else time.monotonic() + self._timeout
            busy.register(process.stdout, selectors.EVENT_READ, (process, index, deadline))  # pyright: ignore[reportArgumentType]

    def _given(self, argument: Any) -> subprocess.Popen:
        """Give an argument to a process that is idle, or to a new one."""
        while self._idle:
            process = self._idle.pop()
            try:
                send(process.stdin, argument)  # pyright: ignore[reportArgumentType]
                return process
            except OSError:  # it has died since
                self._kill(process)
        process = self._started()
        send(process.stdin, argument)  # pyright: ignore[reportArgumentType]
        return process

    def _collect(self, busy: selectors.BaseSelector) -> Iterator[tuple[int, Any]]:
        soonest = min(key.data[2] for key in busy.get_map().values())
        wait = None if soonest == np.inf else max(0.0, soonest - time.monotonic())
        for key, _ in busy.select(wait):
            process, index, _ = key.data
            busy.unregister(key.fileobj)
            yield index, self._answer(process)
        now = time.monotonic()
        for key in [key for key in busy.get_map().values() if key.data[2] <= now]:
            process, index, _ = key.data
            busy.unregister(key.fileobj)
            self._kill(process)
            yield index, CallFailure(f"took longer than {self._timeout:g} s")

    def _answer(self, process: subprocess.Popen) -> Any:
        try:
            done, result = receive(process.stdout)  # pyright: ignore[reportArgumentType]
        except EOFError:
            self._kill(process)
            return CallFailure(f"ended its process with exit code {process.returncode}")
        self._idle.append(process)
        return result if done else CallFailure(f"raised {result}")

    def _started(self) -> subprocess.Popen:
        process = subprocess.Popen(
            [sys.executable, "-m", "fluvial.evaluating.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self._all.add(process)
        send(process.stdin, sys.path)  # pyright: ignore[reportArgumentType]
        send(process.stdin, self._function)  # pyright: ignore[reportArgumentType]
        try:
            done, result = receive(process.stdout)  # pyright: ignore[reportArgumentType]
        except EOFError:
            done, result = False, "its process ended"
        if not done:
            self._kill(process)
            raise InputError(f"the function could not be loaded in another process ({result}).")
        return process

    def _kill(self, process: subprocess.Popen) -> None:
        _end(process)
        self._all.discard(process)


def _end(process: subprocess.Popen) -> None:
    process.kill()
    process.wait()
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            try:
                stream.close()
            except OSError:  # what it was still to be told
                continue


def _stop(processes: set[subprocess.Popen]) -> None:
    for process in list(processes):
        _end(process)
