"""A replication as a folder of results."""

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from fluvial._version import __version__
from fluvial.replication.compare.difference import Kind
from fluvial.replication.compare.outputs import IMAGES, displays
from fluvial.replication.compare.tolerance import Tolerance
from fluvial.replication.prose import quotes
from fluvial.replication.read import RecordedNotebook
from fluvial.replication.result import Replication
from fluvial.replication.review import summary
from fluvial.storage.folder import write_folder
from fluvial.storage.machine import machine, packages, timestamp

__all__ = ["save_replication"]

_SIDES = ("recorded", "local")


def save_replication(
    directory: Path,
    recorded: RecordedNotebook,
    replication: Replication,
    tolerance: Tolerance,
    command: str,
) -> None:
    """Save a replication to a folder.

    ``replication.json`` has, as its ``content``: ``notebook``, ``origin``, ``notes``, ``command``,
    ``finished`` (ISO 8601, UTC), ``fluvial`` (the version), ``machine``, ``packages``,
    ``tolerance``, ``verdict``, ``runs`` (how many), ``metrics``, ``cells`` with their
    ``differences`` and what is ``varying`` between local runs, and ``pictures``: for each output
    picture that differs its ``cell``, ``place``, and the files ``recorded`` and ``local``, PNG or
    as the notebook had them.
    ``executed.ipynb`` is the notebook with the outputs of the first local run.

    Raises:
        InputError: if the folder holds anything else, or cannot be written.
    """
    import nbformat

    found = list(_pictures(recorded, replication))
    content = {
        "notebook": recorded.name,
        "origin": recorded.origin,
        "notes": list(recorded.notes),
        "command": command,
        "finished": timestamp(),
        "fluvial": __version__,
        "machine": machine(),
        "packages": packages(),
        "tolerance": tolerance.content(),
        "summary": list(summary(recorded, replication)),
        "prose": [quote.content() for quote in quotes(recorded, replication.runs[0])],
        **replication.content(),
        "pictures": [picture for picture, _ in found],
    }
    executed = nbformat.writes(replication.runs[0].executed)
    files = {name: data for _, both in found for name, data in both.items()}
    write_folder(directory, "replication", content, files | {"executed.ipynb": executed.encode()})


def _pictures(
    recorded: RecordedNotebook, replication: Replication
) -> Iterator[tuple[dict[str, Any], dict[str, bytes]]]:
    """Yield each pair of pictures that differ: what says of them, and their files."""
    for outcome, cell, run in zip(
        replication.cells, recorded.cells, replication.runs[0].cells, strict=True
    ):
        places = [found.place for found in outcome.differences if found.kind is Kind.IMAGE]
        shown = displays(cell.outputs), displays(run.outputs)
        for place, both in [
            (f"output {i}", pair) for i, pair in enumerate(zip(*shown, strict=False), 1)
        ]:
            mime = next((mime for mime in IMAGES if all(mime in data for data in both)), None)
            if place not in places or mime is None:
                continue
            stem = f"cell-{outcome.number}-{place.replace(' ', '-')}"
            names = [f"{stem}-{side}.{mime.removeprefix('image/')}" for side in _SIDES]
            files = {n: base64.b64decode(d[mime]) for n, d in zip(names, both, strict=True)}
            where = {"cell": outcome.number, "place": place}
            yield where | dict(zip(_SIDES, names, strict=True)), files
