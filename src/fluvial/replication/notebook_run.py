"""A notebook run in a fresh kernel, from top to bottom or in another order."""

import copy
import re
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from fluvial.replication.defaults import asked_defaults, classes_in
from fluvial.replication.kernel import (
    environment_of,
    kernel_client,
    private_home,
    started_kernel,
    use_interpreter,
)
from fluvial.replication.pages import page_keeper
from fluvial.replication.read import RecordedNotebook
from fluvial.replication.scratch import scratch_copy, whole_copy

if TYPE_CHECKING:
    from nbclient import NotebookClient
    from nbformat import NotebookNode

__all__ = ["NotebookRun", "RunCell", "run_notebook"]

_SKIP = "skip-execution"
_MODULE = re.compile(r"No module named '([\w.]+)'")


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
class NotebookRun:
    """One run of a notebook.

    Attributes:
        cells: its code cells, in order.
        executed: the notebook with its new outputs.
        started: when it began, in seconds since the epoch.
        ended: when it ended.
        folders: that it ran in, of the copy of its repository, of its kernel and packages, the
            user's home, and the folder for temporary files.
        defaults: of the parameters of the classes that the outputs write, by class.
    """

    cells: tuple[RunCell, ...]
    executed: "NotebookNode"
    started: float = field(default_factory=time.time)
    ended: float = field(default_factory=time.time)
    folders: tuple[str, ...] = ()
    defaults: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


def run_notebook(
    recorded: RecordedNotebook,
    kernel: str,
    timeout: int = 600,
    started: Callable[[int], None] = lambda cell: None,
    *,
    root: Path | None = None,
    python: Path | None = None,
    order: Sequence[int] = (),
) -> NotebookRun:
    """Run all code cells in a fresh kernel, in a scratch copy of the notebook's repository.

    An error in a cell does not keep the later ones from running. A cell over its time limit, or a
    kernel that dies, does. What the cells started and did not end is ended with the kernel.

    Args:
        recorded: the notebook, left as it is.
        kernel: the name of an installed kernel.
        timeout: the most seconds that one cell may take.
        started: called with the number of each code cell before it runs.
        root: of the files that it may read; by default its git repository.
        python: the interpreter of another environment to run it in, which has ipykernel.
        order: the numbers of the code cells, from 1, in the order in which to run them; by default
            from top to bottom.

    Raises:
        InputError: if the kernel does not start, or the folder cannot be copied.
    """
    notebook = copy.deepcopy(recorded.notebook)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    with scratch_copy(recorded.folder, root) as folder, private_home(recorded) as home:
        begin = time.time()
        client = kernel_client(notebook, kernel, timeout, folder, home)
        client.on_cell_executed = page_keeper(recorded)
        if python is not None:
            use_interpreter(client, python, kernel, home)
        prefix = environment_of(kernel) if python is None else python.parent.parent
        with started_kernel(client, kernel, home, prefix):
            cells = _run_cells(client, timeout, started, order)
            defaults = _defaults(client, recorded, cells)
            copied = whole_copy(folder)
    folders = folder, copied, prefix, Path.home(), tempfile.gettempdir()
    names = tuple(map(str, folders))
    return NotebookRun(tuple(cells), notebook, begin, time.time(), names, defaults)


def _defaults(
    client: "NotebookClient", recorded: RecordedNotebook, cells: Sequence[RunCell]
) -> Mapping[str, Mapping[str, Any]]:
    if any(cell.state == "failed" for cell in cells):
        return {}
    outputs = [cell.outputs for cell in (*recorded.cells, *cells)]
    return asked_defaults(client, classes_in(outputs))


def _run_cells(
    client: "NotebookClient", timeout: int, started: Callable[[int], None], order: Sequence[int]
) -> list[RunCell]:
    done: dict[int, RunCell] = {}
    stopped = ""
    code = [
        (index, cell)
        for index, cell in enumerate(client.nb.cells)
        if cell.cell_type == "code" and cell.source.strip()
    ]
    for number in order or range(1, len(code) + 1):
        index, cell = code[number - 1]
        if stopped:
            done[number] = RunCell((), None, "failed", f"Cell {number} was not run: {stopped}")
        elif _SKIP in cell.metadata.get("tags", []):
            why = f"Cell {number} was not run: it is tagged {_SKIP}."
            done[number] = RunCell((), None, "skipped", why)
        else:
            started(number)
            done[number], stopped = _run_cell(client, index, number, timeout)
    return [done[number] for number in sorted(done)]


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
    """Say which package, or part of one, a cell could not import, if that was its problem."""
    for output in outputs:
        if output["output_type"] == "error" and output["ename"] == "ModuleNotFoundError":
            found = _MODULE.search(output["evalue"])
            name = found[1] if found else output["evalue"]
            package, _, part = name.partition(".")
            if part:  # Python names the first part that is missing: what is before it is there
                return (
                    f"Cell {number} needs {name}, which the installed version of {package} does "
                    "not have: most likely an older one did."
                )
            return (
                f"Cell {number} needs {package}, which is not installed where the kernel runs: "
                "install it and replicate again."
            )
    return ""
