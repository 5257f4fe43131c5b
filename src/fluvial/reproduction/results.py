"""A study's results on disk, written while it runs.

The folder of a study, ``DIR/<study>/``, in which every file is written whole or not at all:

``study.json``
    What was run, written once, at the start: ``study``, ``title``,
    ``version`` (of the study's own definition), ``fluvial`` (the version), ``budget``, ``seeds``,
    ``units`` (the names of all units of work, in order), ``command``, ``machine``, ``packages``
    (name -> version) and ``started`` (ISO 8601, UTC).
``records/<unit>.json``
    One for each finished unit: ``unit``, ``seconds`` (wall time), ``finished`` (ISO 8601, UTC),
    ``values`` (whatever the study measured) and ``arrays``: null, or the SHA-256 of
``records/<unit>.npz``
    the unit's arrays, by name, without pickle. It is written before the JSON, so that a unit is
    done if, and only if, its JSON is there.
``claims.json``
    Written at the end: a list of judged claims, each with ``name``, ``statement``, ``source``,
    ``published``, ``quantity``, ``unit``, ``rule``, ``judgement`` (REPRODUCED, NOT_REPRODUCED or
    INCONCLUSIVE), ``measured`` and ``spread`` (mean and standard deviation over seeds),
    ``values`` (one a seed), ``seeds`` (how many), ``each`` ("seeds", or what else was repeated)
    and ``reason``.
``figures.json``
    Written at the end: a list of figures, each with ``file`` (relative to ``figures/``),
    ``title``, ``caption`` and ``alt`` (what it shows, for those who cannot see it). They are drawn
    from the records alone.
``figures/``
    The figures, PNG.

Each of these JSON files has ``format`` (2), ``kind``, what is said above as ``content``, and
``sha256``, which seals the rest of it. In format 1, which is still read, a file was the bare
content, and ``study.json`` said the format. A number that is not finite is one of the strings
"NaN", "Infinity" and "-Infinity". Whoever writes holds ``storage.locks.in_use`` of the folder.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from fluvial.errors import InputError
from fluvial.reproduction.budget import Budget
from fluvial.reproduction.claim import JudgedClaim
from fluvial.reproduction.results_files import FORMAT, is_unsealed, read_content, write_content
from fluvial.storage import array_files, sealed
from fluvial.storage.folder import check_folder, replaced
from fluvial.storage.locks import in_use
from fluvial.storage.machine import timestamp
from fluvial.storage.reading import place_inside, read_file

__all__ = ["Figure", "Ledger", "Record"]

# What must be the same for work to go on in a folder; machine and packages may differ.
_IDENTITY = ("format", "study", "version", "fluvial", "budget", "seeds", "units")


@dataclass(frozen=True)
class Record:
    """What one unit of work measured.

    Args:
        values: what JSON can hold, NumPy's numbers and arrays included.
        arrays: larger arrays by name, kept as npz.
    """

    values: Mapping[str, Any]
    arrays: Mapping[str, np.ndarray] = field(default_factory=dict)


class Figure(NamedTuple):
    """A figure of a study.

    Attributes:
        file: its name in ``figures/``.
        title: of a few words.
        caption: how to read it, in sentences.
        alt: what can be seen in it, for those who cannot see it; "" leaves that to the caption.
    """

    file: str
    title: str
    caption: str
    alt: str = ""


class Ledger:
    """The folder of one study's results. The module's docstring says what is in it.

    `Ledger.writing` makes or goes on with a folder; `Ledger` itself only reads.

    Args:
        folder: the folder of the study.

    Attributes:
        header: the content of ``study.json``.

    Raises:
        InputError: if there are no results, they are damaged, or of another format.
    """

    def __init__(self, folder: Path):
        self.folder = folder
        self._unsealed = is_unsealed(folder)
        self.header: dict[str, Any] = self._read("study", "study.json")

    @classmethod
    @contextmanager
    def writing(
        cls, folder: Path, header: Mapping[str, Any], *, resume: bool
    ) -> Iterator["Ledger"]:
        """Hold the folder for one run: make it, or go on with what is in it.

        Args:
            folder: the folder of the study.
            header: ``study``, ``title``, ``version``, ``fluvial``, ``budget``, ``seeds``,
                ``units`` and whatever else ``study.json`` shall tell.
            resume: go on where results are there already.

        Raises:
            InputError: if the folder is in use by another run, holds results and ``resume`` is
                False, holds those of another study, version, budget or seeds, or anything else;
                or if it cannot be written.
        """
        with in_use(folder):
            check_folder(folder, "study")
            if os.path.lexists(folder / "study.json"):
                ledger = cls(folder)
                version = 1 if ledger._unsealed else FORMAT
                found = {"format": version, **ledger.header}
                _check_same(folder, found, {"format": FORMAT, **header}, resume=resume)
            else:
                _write(folder / "study.json", "study", header)
                ledger = cls(folder)
            yield ledger

    @property
    def budget(self) -> Budget:
        """The budget of the run."""
        return Budget(self.header["budget"])

    def done(self, unit: str) -> bool:
        """Tell whether a unit of work is finished."""
        return os.path.isfile(self.folder / "records" / f"{unit}.json")

    def missing(self) -> list[str]:
        """List the units of work that are not finished, in order."""
        return [unit for unit in self.header["units"] if not self.done(unit)]

    def write(self, unit: str, record: Record, seconds: float) -> None:
        """Keep what a unit of work measured.

        Raises:
            InputError: if it cannot be written, as on a full disk.
        """
        path = self.folder / "records" / f"{unit}.json"
        digest = None
        if record.arrays:
            data = array_files.to_npz(record.arrays, compressed=True)
            digest = sealed.sha256(data)
            with replaced(path.with_name(f"{unit}.npz")) as fresh:
                fresh.write_bytes(data)
        content = {
            "unit": unit,
            "seconds": round(seconds, 3),
            "finished": timestamp(),
            "values": record.values,
            "arrays": digest,
        }
        _write(path, "record", content)

    def record(self, unit: str) -> Record:
        """Read what a finished unit of work measured.

        Raises:
            InputError: if it is not finished, or its files are not as they were written.
        """
        if not self.done(unit):
            raise InputError(
                f"{self.folder} has no {unit} in its records: run the study again with --resume."
            )
        content = self._read("record", "records", f"{unit}.json")
        arrays = {}
        if content["arrays"] is not None:
            path = place_inside(self.folder, "records", f"{unit}.npz")
            arrays = _arrays(path, content["arrays"])
        return Record(content["values"], arrays)

    def seconds(self, unit: str) -> float:
        """Return the wall time that a finished unit of work took."""
        return float(self._read("record", "records", f"{unit}.json")["seconds"])

    def write_claims(self, claims: Sequence[JudgedClaim]) -> None:
        """Keep the judged claims."""
        contents = [claim.content() for claim in claims]
        _write(self.folder / "claims.json", "claims", contents)

    def claims(self) -> list[dict[str, Any]]:
        """Read the judged claims; none if the study is not finished."""
        return self._list("claims")

    def write_figures(self, figures: Sequence[Figure]) -> None:
        """Keep the list of figures."""
        contents = [figure._asdict() for figure in figures]
        _write(self.folder / "figures.json", "figures", contents)

    def figures(self) -> list[Figure]:
        """Read the list of figures; none if the study is not finished."""
        return [
            Figure(found["file"], found["title"], found["caption"], found.get("alt", ""))
            for found in self._list("figures")
        ]

    def _list(self, kind: str) -> list[dict[str, Any]]:
        path = self.folder / f"{kind}.json"
        return self._read(kind, path.name) if os.path.lexists(path) else []

    def _read(self, kind: str, *names: str) -> Any:
        return read_content(kind, self.folder, *names, unsealed=self._unsealed)


def _check_same(
    folder: Path, found: Mapping[str, Any], wanted: Mapping[str, Any], *, resume: bool
) -> None:
    for name in _IDENTITY:
        if found.get(name) != wanted[name]:
            if name == "units":
                difference = "other units of work"
            else:
                difference = f"the {name} {found.get(name)}, and this run is of {wanted[name]}"
            raise InputError(
                f"{folder} holds results of {difference}: choose another folder, or delete it."
            )
    if not resume:
        raise InputError(
            f"{folder} holds results already: add --resume to go on with them, "
            "or choose another folder."
        )


def _arrays(path: Path, digest: str) -> dict[str, np.ndarray]:
    remedy = f"restore it, or delete {path.with_suffix('.*')} and run the study with --resume"
    if not os.path.lexists(path):
        raise sealed.damaged(path, remedy)
    data = read_file(path)
    if sealed.sha256(data) != digest:
        raise sealed.damaged(path, remedy)
    return array_files.from_npz(data, str(path))


def _write(path: Path, kind: str, content: Any) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{path.parent} cannot be written: {error.strerror}.") from error
    write_content(path, kind, content)
