"""Judgments of kept runs, made in pieces, each kept with the code that it was made with."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

import fluvial.replication
from benchmarks.replication_planted import planted_pictures, planted_texts
from benchmarks.replication_runs import Notebook, load_ordered, load_runs
from fluvial.replication import RecordedNotebook, Replication, Tolerance, compare_runs
from fluvial.replication.compare.cell import compare_outputs
from fluvial.replication.compare.outputs import IMAGES
from fluvial.replication.compare.surroundings import Surroundings
from fluvial.replication.notebook_run import NotebookRun

__all__ = ["Judgment", "judge", "judgments"]

_MOST_PLANTED = 6  # cells of a notebook, of each of texts and pictures
_AGREES = ("IDENTICAL", "WITHIN_TOLERANCE")


@dataclass(frozen=True)
class Judgment:
    """What was said of one notebook.

    Attributes:
        name: of the notebook.
        cells: of each code cell its number, its verdict, and the cause given or None.
        planted: of each planted change its sort, its name, and whether it was found.
    """

    name: str
    cells: list[tuple[int, str, str | None]]
    planted: list[tuple[str, str, bool]]


def judge(
    notebooks: Sequence[Notebook], home: Path, kernel: str, part: int = 0, parts: int = 1
) -> Iterator[str]:
    """Judge the notebooks of a part that this code has not judged yet; yield their names.

    The changes that are planted depend on the place of a notebook in its group alone.
    """
    seeds: dict[str, int] = {}
    for number, notebook in enumerate(notebooks):
        seed = seeds[notebook.group] = seeds.get(notebook.group, -1) + 1
        path = _file(notebook, home)
        if number % parts != part or path.exists():
            continue
        if (runs := load_runs(notebook, home)) is None:
            continue
        recorded = notebook.read(home)
        in_order = partial(load_ordered, notebook, home, kernel)
        done = compare_runs(recorded, runs, Tolerance(), in_order=in_order)
        cells = [
            (cell.number, cell.verdict.value, None if cell.cause is None else cell.cause.value)
            for cell in done.cells
        ]
        content = {"cells": cells, "planted": list(_planted(recorded, done, runs[0], seed))}
        path.parent.mkdir(parents=True, exist_ok=True)
        path.with_suffix(".part").write_text(json.dumps(content))
        path.with_suffix(".part").rename(path)
        yield notebook.name


def judgments(notebooks: Sequence[Notebook], home: Path) -> Iterator[Judgment]:
    """Yield what this code has said of the notebooks that it has judged."""
    for notebook in notebooks:
        path = _file(notebook, home)
        if path.exists():
            kept = json.loads(path.read_text())
            cells = [tuple(cell) for cell in kept["cells"]]
            yield Judgment(notebook.name, cells, [tuple(change) for change in kept["planted"]])


def _file(notebook: Notebook, home: Path) -> Path:
    """Return where a judgment is kept: in a folder of the code that it is made with."""
    return home / "judged" / _code() / notebook.runs_file(home).name


def _code() -> str:
    folder = Path(str(fluvial.replication.__file__)).parent
    files = [*sorted(folder.rglob("*.py")), Path(__file__).with_name("replication_planted.py")]
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def _planted(
    recorded: RecordedNotebook, replication: Replication, run: NotebookRun, seed: int
) -> Iterator[tuple[str, str, bool]]:
    """Yield of each change planted into a cell that agrees its sort, its name, whether found."""
    rng = np.random.default_rng(seed)
    here = Surroundings(defaults=run.defaults)
    agreeing = [
        number
        for number, cell in enumerate(replication.cells)
        if cell.verdict in _AGREES and not cell.varying
    ]
    for sort, plant in (("text", planted_texts), ("picture", planted_pictures)):
        changed = 0
        for at in rng.permutation(agreeing):
            before, local = recorded.cells[at].outputs, run.cells[at].outputs
            if sort == "picture" and not any(map(_is_picture, local)):
                continue  # such as the still of a film, which is fetched
            several = list(plant(before, rng))
            changed += bool(several)
            for name, outputs in several:
                differences = compare_outputs(outputs, local, Tolerance(), here)
                yield sort, name, any(not found.tolerated for found in differences)
            if changed == _MOST_PLANTED:
                break


def _is_picture(output: Mapping[str, Any]) -> bool:
    return any(mime in output.get("data", {}) for mime in IMAGES)
