"""Find and read all results below a folder."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fluvial.errors import InputError
from fluvial.report.fits import Fit, holds_fit, holds_training, read_fit, read_training
from fluvial.report.replications import REPLICATION
from fluvial.reproduction import StudyResults
from fluvial.reproduction.results_files import MACHINE, PACKAGES
from fluvial.storage.folder import holds, read_folder
from fluvial.storage.schema import TEXT, check, record

__all__ = ["NotebookResult", "Results", "find_results"]

_DEEPEST = 3
_HEADER = record(
    title=TEXT, fluvial=TEXT, command=TEXT, started=TEXT, machine=MACHINE, packages=PACKAGES
)


@dataclass(frozen=True)
class NotebookResult:
    """A replicated notebook: what ``replication.json`` says, and the files beside it."""

    content: Mapping[str, Any]
    files: Mapping[str, bytes]


@dataclass(frozen=True)
class Results:
    """All results below a folder: of studies, of replicated notebooks, of fits and trainings."""

    studies: tuple[StudyResults, ...]
    notebooks: tuple[NotebookResult, ...]
    fits: tuple[Fit, ...]


def find_results(directory: Path) -> Results:
    """Find the results in a folder and down to three levels below it, and read them.

    Args:
        directory: as ``fluvial reproduce``, ``replicate``, ``fit`` or ``train`` wrote it, or one
            that holds several of these.

    Raises:
        InputError: if there is no such folder, it holds no results, or they are damaged.
    """
    if not os.path.isdir(directory):
        raise InputError(f"there is no folder {directory}: give one with results.")
    folders = list(_folders(directory, directory.resolve(), _DEEPEST))
    studies = tuple(_study(folder) for folder in folders if os.path.lexists(folder / "study.json"))
    notebooks = tuple(_notebook(folder) for folder in folders if holds(folder, "replication"))
    fits = tuple(read_fit(folder) for folder in folders if holds_fit(folder))
    fits += tuple(read_training(folder) for folder in folders if holds_training(folder))
    if not (studies or notebooks or fits):
        raise InputError(
            f"{directory} holds no results: give the folder that fluvial reproduce, replicate, fit "
            "or train wrote with --out."
        )
    return Results(studies, notebooks, fits)


def _study(folder: Path) -> StudyResults:
    results = StudyResults(folder)
    check(results.header, _HEADER, folder / "study.json")
    return results


def _notebook(folder: Path) -> NotebookResult:
    content, files = read_folder(folder, "replication")
    path = folder / "replication.json"
    check(content, REPLICATION, path)
    named = {picture[side] for picture in content["pictures"] for side in ("recorded", "local")}
    if not named <= set(files):
        raise InputError(f"{path} names pictures that it does not have: replicate it again.")
    return NotebookResult(content, files)


def _folders(directory: Path, root: Path, deepest: int) -> Iterator[Path]:
    """Walk down, but along no link that leads out of the folder that was asked for."""
    yield directory
    if deepest == 0:
        return
    try:
        names = sorted(os.listdir(directory))
    except OSError as error:
        raise InputError(f"{directory} cannot be read: {error.strerror}.") from error
    for name in names:
        path = directory / name
        inside = not path.is_symlink() or path.resolve().is_relative_to(root)
        if not name.startswith(".") and os.path.isdir(path) and inside:
            yield from _folders(path, root, deepest - 1)
