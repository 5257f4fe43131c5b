"""Find and read all results below a folder."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fluvial.errors import InputError
from fluvial.reproduction import Ledger
from fluvial.storage.folder import read_folder

__all__ = ["NotebookResult", "Results", "find_results"]

_DEEPEST = 3


@dataclass(frozen=True)
class NotebookResult:
    """A replicated notebook: what ``replication.json`` says, and the files beside it."""

    content: Mapping[str, Any]
    files: Mapping[str, bytes]


@dataclass(frozen=True)
class Results:
    """All results below a folder: of studies, and of replicated notebooks."""

    studies: tuple[Ledger, ...]
    notebooks: tuple[NotebookResult, ...]


def find_results(directory: Path) -> Results:
    """Find the results in a folder and down to three levels below it, and read them.

    Args:
        directory: as ``fluvial reproduce`` or ``fluvial replicate`` wrote it, or one that holds
            several of these.

    Raises:
        InputError: if there is no such folder, it holds no results, or they are damaged.
    """
    if not directory.is_dir():
        raise InputError(f"there is no folder {directory}: give one with results.")
    folders = list(_folders(directory, _DEEPEST))
    studies = tuple(Ledger(folder) for folder in folders if (folder / "study.json").is_file())
    notebooks = tuple(
        NotebookResult(*read_folder(folder, "replication"))
        for folder in folders
        if (folder / "replication.json").is_file()
    )
    if not studies and not notebooks:
        raise InputError(
            f"{directory} holds no results: give the folder that fluvial reproduce or fluvial "
            "replicate wrote with --out."
        )
    return Results(studies, notebooks)


def _folders(directory: Path, deepest: int) -> Iterator[Path]:
    yield directory
    if deepest > 0:
        for path in sorted(directory.iterdir()):
            if path.is_dir() and not path.name.startswith("."):
                yield from _folders(path, deepest - 1)
