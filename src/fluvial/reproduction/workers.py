"""Units of work in processes of their own, several at a time."""

import multiprocessing
import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.sharedctypes import Synchronized
from typing import NamedTuple

import cloudpickle

from fluvial.errors import InputError
from fluvial.reproduction.records import Record
from fluvial.reproduction.study import Unit

__all__ = ["Finished", "run_units"]


class Finished(NamedTuple):
    """A unit of work that is done.

    Attributes:
        unit: its name.
        record: what it measured.
        seconds: the wall time that it took in its worker.
    """

    unit: str
    record: Record
    seconds: float


def run_units(units: list[Unit], jobs: int) -> Iterator[Finished]:
    """Run units of work in ``jobs`` processes, and give each as it finishes.

    Each process has its share of the cores, on Linux. The last units go first: studies list their
    longest flows last, and a long one that starts at the end would run alone. On one GPU the
    processes share its memory.

    Args:
        units: which; their order changes no result, since each knows its own seeds.
        jobs: how many at a time.

    Raises:
        InputError: if a process was killed, such as for want of memory.
    """
    context = multiprocessing.get_context("spawn")
    number = context.Value("i", 0)
    executor = ProcessPoolExecutor(jobs, context, initializer=_settle, initargs=(number, jobs))
    left = {
        executor.submit(_run, unit.name, cloudpickle.dumps(unit.run)) for unit in reversed(units)
    }
    try:
        while left:
            done, left = wait(left, return_when=FIRST_COMPLETED)
            for future in done:
                yield future.result()
    except BrokenProcessPool as error:
        raise InputError(
            f"one of {jobs} processes was killed, perhaps for want of memory: go on with --resume "
            "and fewer --jobs."
        ) from error
    finally:
        if left:
            _stop(executor)
        else:
            executor.shutdown()


def _run(name: str, run: bytes) -> Finished:
    start = time.perf_counter()
    record = cloudpickle.loads(run)()
    return Finished(name, record, time.perf_counter() - start)


def _settle(number: Synchronized, jobs: int) -> None:
    """Prepare this process: its cores, and a part of the GPU's memory, not all of it.

    Ctrl-C on a terminal reaches it too, and is left to the first process, which ends this one.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
    with number.get_lock():
        place = number.value
        number.value += 1
    if hasattr(os, "sched_setaffinity"):
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, cores[place % jobs :: jobs] or cores)


def _stop(executor: ProcessPoolExecutor) -> None:
    """Let no unit start any more, and end those under way: they resume from their checkpoints."""
    processes = list((executor._processes or {}).values())
    executor.shutdown(wait=False, cancel_futures=True)
    for process in processes:
        process.terminate()
