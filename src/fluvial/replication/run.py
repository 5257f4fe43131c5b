"""A notebook run from top to bottom in a fresh kernel."""

import copy
import os
import re
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from fluvial.errors import InputError
from fluvial.replication.read import RecordedNotebook
from fluvial.replication.scratch import scratch_copy

if TYPE_CHECKING:
    from nbclient import NotebookClient
    from nbformat import NotebookNode

__all__ = ["Run", "RunCell", "run_notebook"]

_SKIP = "skip-execution"
_MODULE = re.compile(r"No module named '([\w.]+)'")
# How long output may lag behind the end of its cell: a million lines take a while.
_OUTPUT_SECONDS = 120


@dataclass(frozen=True)
class RunCell:
    """What one code cell did.

    Attributes:
        outputs: as a notebook of format 4 holds them.
        seconds: how long it ran; None if it did not.
        state: whether it ran to its end, was skipped as its tags ask, or neither.
        problem: what kept it from running, from ending, or from importing a package, in one
            sentence; "" if nothing did.
    """

    outputs: tuple[Mapping[str, Any], ...]
    seconds: float | None
    state: Literal["done", "skipped", "failed"]
    problem: str = ""


@dataclass(frozen=True)
class Run:
    """One run of a notebook: its code cells in order, and the notebook with its new outputs."""

    cells: tuple[RunCell, ...]
    executed: "NotebookNode"


def run_notebook(
    recorded: RecordedNotebook,
    kernel: str,
    timeout: int = 600,
    started: Callable[[int], None] = lambda cell: None,
) -> Run:
    """Run all code cells in a fresh kernel, in a scratch copy of the notebook's folder.

    An error in a cell does not keep the later ones from running. A cell over its time limit, or a
    kernel that dies, does.

    Args:
        recorded: the notebook, left as it is.
        kernel: from ``check_ready``.
        timeout: the most seconds that one cell may take.
        started: called with the number of each code cell, from 1, before it runs.

    Raises:
        InputError: if the kernel does not start, or the files beside the notebook are too many.
    """
    notebook = copy.deepcopy(recorded.notebook)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    with scratch_copy(recorded.folder) as folder:
        client = _client(notebook, kernel, timeout, folder)
        with _started(client, kernel, folder):
            cells = _run_cells(client, timeout, started)
    return Run(tuple(cells), notebook)


def _client(notebook: "NotebookNode", kernel: str, timeout: int, folder: Path) -> "NotebookClient":
    from nbclient import NotebookClient
    from traitlets.config import Config

    # Over TCP other users of the machine could listen; Windows has nothing else.
    sockets = {"transport": "ipc", "ip": str(folder.with_name("kernel"))}
    return NotebookClient(
        notebook,
        config=Config({} if sys.platform == "win32" else {"KernelManager": sockets}),
        kernel_name=kernel,
        timeout=timeout,
        iopub_timeout=_OUTPUT_SECONDS,
        allow_errors=True,
        record_timing=False,
        coalesce_streams=True,
        resources={"metadata": {"path": str(folder)}},
    )


@contextmanager
def _started(client: "NotebookClient", kernel: str, folder: Path) -> Iterator[None]:
    # The user's own startup files and history are no part of the notebook.
    home = folder.with_name("ipython")
    home.mkdir()
    environment = os.environ | {"IPYTHONDIR": str(home)}
    # What the kernel itself says, such as a traceback when it is stopped within a cell, is no
    # output of a cell, and would else appear on the terminal among ours.
    words = folder.with_name("kernel.log")
    with ExitStack() as stack:
        log = stack.enter_context(words.open("wb"))
        try:
            stack.enter_context(client.setup_kernel(env=environment, stdout=log, stderr=log))
        except (RuntimeError, OSError) as error:
            said = words.read_text(errors="replace").strip().splitlines()
            raise InputError(
                f"the kernel {kernel} does not start ({said[-1].strip() if said else error}): try "
                f"it with jupyter console --kernel {kernel}."
            ) from error
        yield


def _run_cells(
    client: "NotebookClient", timeout: int, started: Callable[[int], None]
) -> list[RunCell]:
    done: list[RunCell] = []
    stopped = ""
    cells = [(i, cell) for i, cell in enumerate(client.nb.cells) if cell.cell_type == "code"]
    for number, (index, cell) in enumerate([c for c in cells if c[1].source.strip()], 1):
        if stopped:
            done.append(RunCell((), None, "failed", f"Cell {number} was not run: {stopped}"))
        elif _SKIP in cell.metadata.get("tags", []):
            why = f"Cell {number} was not run: it is tagged {_SKIP}."
            done.append(RunCell((), None, "skipped", why))
        else:
            started(number)
            run, stopped = _run_cell(client, index, number, timeout)
            done.append(run)
    return done


def _run_cell(
    client: "NotebookClient", index: int, number: int, timeout: int
) -> tuple[RunCell, str]:
    """Run one cell; also say why the rest cannot be run, if so."""
    from nbclient.exceptions import CellTimeoutError, DeadKernelError

    cell = client.nb.cells[index]
    problem = stopped = ""
    begin = time.perf_counter()
    try:
        client.execute_cell(cell, index)
    except CellTimeoutError:
        problem = f"Cell {number} ran longer than {timeout} s: give it more with --timeout."
        stopped = f"cell {number} did not end."
    except DeadKernelError:
        problem = (
            f"The kernel died in cell {number}: most likely it ran out of memory, or a compiled "
            "library crashed."
        )
        stopped = f"the kernel died in cell {number}."
    seconds = time.perf_counter() - begin
    outputs = tuple(cell.outputs)
    if stopped:
        return RunCell(outputs, seconds, "failed", problem), stopped
    return RunCell(outputs, seconds, "done", _missing_package(outputs, number)), ""


def _missing_package(outputs: Sequence[Mapping[str, Any]], number: int) -> str:
    """Say which package a cell could not import, if that was its problem."""
    for output in outputs:
        if output["output_type"] == "error" and output["ename"] == "ModuleNotFoundError":
            found = _MODULE.search(output["evalue"])
            package = found[1].split(".")[0] if found else output["evalue"]
            return (
                f"Cell {number} needs {package}, which is not installed where the kernel runs: "
                "install it and replicate again."
            )
    return ""
