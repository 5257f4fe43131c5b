"""Public notebooks, fetched by commit and run twice; what they printed is kept for judging."""

import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from nbformat.v4 import new_notebook

from fluvial.errors import InputError
from fluvial.replication import RecordedNotebook, read_notebook
from fluvial.replication.notebook_run import NotebookRun, RunCell, run_notebook

__all__ = ["Notebook", "listed", "load_ordered", "load_runs", "main"]

_LIST = Path(__file__).with_name("replication_notebooks.json")
_TIMEOUT = 120  # seconds that a cell may take
_REPEATS = 2


@dataclass(frozen=True)
class Notebook:
    """A public notebook: the address of its repository, a commit of it, and a path in it.

    The rules of the comparison were written with some of them at hand. Those of each later group
    were first looked at afterwards; what they showed has been mended since.
    """

    repository: str
    commit: str
    path: str
    group: str = "first"

    @property
    def name(self) -> str:
        """Return the repository's owner and name, and the path."""
        return f"{self.repository.removeprefix('https://github.com/')}/{self.path}"

    def folder(self, home: Path) -> Path:
        """Return where its repository is."""
        return home / "repositories" / self.repository.removeprefix("https://github.com/")

    def read(self, home: Path) -> RecordedNotebook:
        """Read it from its repository."""
        return read_notebook(str(self.folder(home) / self.path))

    def runs_file(self, home: Path) -> Path:
        """Return where its runs are kept."""
        return home / "runs" / f"{hashlib.sha256(self.name.encode()).hexdigest()[:16]}.json"


def listed() -> list[Notebook]:
    """Return the notebooks of the benchmark, one of each repository in turn."""
    content = json.loads(_LIST.read_text())
    found = [
        (number, Notebook(repository, entry["commit"], path, entry.get("group", "first")))
        for repository, entry in content.items()
        for number, path in enumerate(entry["paths"])
    ]
    return [notebook for _, notebook in sorted(found, key=lambda pair: pair[0])]


def load_runs(notebook: Notebook, home: Path) -> tuple[NotebookRun, ...] | None:
    """Return the kept runs of a notebook; None if there are none."""
    path = notebook.runs_file(home)
    return tuple(map(_read_run, json.loads(path.read_text()))) if path.exists() else None


def load_ordered(notebook: Notebook, home: Path, kernel: str, order: Sequence[int]) -> NotebookRun:
    """Return the run of a notebook in an order of its cells: the kept one, or else a new one.

    Args:
        notebook: of the benchmark.
        home: where all is kept.
        kernel: to run it with.
        order: the numbers of its cells.
    """
    path = notebook.runs_file(home).with_suffix(".ordered.json")
    if not path.exists():
        run = run_notebook(notebook.read(home), kernel, _TIMEOUT, order=order)
        _keep(_content(run), path)
    return _read_run(json.loads(path.read_text()))


def _read_run(kept: dict[str, Any]) -> NotebookRun:
    return NotebookRun(
        tuple(RunCell(**cell) for cell in kept["cells"]),
        new_notebook(),
        kept["started"],
        kept["ended"],
        tuple(kept["folders"]),
        kept.get("defaults", {}),
    )


def _fetch(notebook: Notebook, home: Path) -> None:
    folder = notebook.folder(home)
    if not folder.exists():
        subprocess.run(["git", "clone", "--quiet", notebook.repository, folder], check=True)
    git = ["git", "-C", str(folder)]
    at = subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True)
    if at.stdout.strip() != notebook.commit:
        subprocess.run([*git, "checkout", "--quiet", "--force", notebook.commit], check=True)


def _run(notebook: Notebook, home: Path, kernel: str) -> None:
    recorded = notebook.read(home)
    runs = [run_notebook(recorded, kernel, _TIMEOUT) for _ in range(_REPEATS)]
    _keep(list(map(_content, runs)), notebook.runs_file(home))


def _content(run: NotebookRun) -> dict[str, Any]:
    return {
        "cells": [asdict(cell) for cell in run.cells],
        "started": run.started,
        "ended": run.ended,
        "folders": run.folders,
        "defaults": run.defaults,
    }


def _keep(content: Any, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.with_suffix(".part").write_text(json.dumps(content))
    path.with_suffix(".part").rename(path)


def _waiting(home: Path, part: int, parts: int) -> Iterator[Notebook]:
    for notebook in listed()[part::parts]:
        if not notebook.runs_file(home).exists():
            yield notebook


def main(arguments: Sequence[str]) -> None:
    """Run the notebooks that have no kept runs: HOME, KERNEL, and which PART of how many PARTS."""
    home, kernel, part, parts = Path(arguments[0]), arguments[1], *map(int, arguments[2:4])
    for notebook in _waiting(home, part, parts):
        try:
            _fetch(notebook, home)
            _run(notebook, home, kernel)
            print(notebook.name, flush=True)
        except (InputError, subprocess.CalledProcessError) as error:
            print(f"{notebook.name}: {error}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
