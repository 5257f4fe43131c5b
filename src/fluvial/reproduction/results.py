"""A study's results on disk, written while it runs.

The folder of a study, ``DIR/<study>/``, in which every file is written whole or not at all:

``study.json``
    What was run, written at the start: ``study``, ``title``, ``version`` (of the study's own
    definition), ``fluvial`` (the version), ``budget``, ``seeds``, ``units`` (the names of all
    units of work, in order), ``command``, ``machine``, ``packages`` (name -> version) and
    ``started`` (ISO 8601, UTC). At the end are added ``records``, the SHA-256 of ``records.zip``,
    and ``story``, what is said of the study first, with the fields of `Story`.
``records/<unit>.json``
    One for each finished unit: ``unit``, ``seconds`` (wall time), ``finished`` (ISO 8601, UTC),
    ``values`` (whatever the study measured) and ``arrays``: null, or the SHA-256 of
``records/<unit>.npz``
    the unit's arrays, by name, without pickle. It is written before the JSON, so that a unit is
    done if, and only if, its JSON is there.
``records.zip``
    Written at the end: the files of ``records/``, which is then removed. Where a unit has files of
    its own, they are what is read.
``claims.json``
    Written at the end: a list of judged claims, each with ``name``, ``statement``, ``source``,
    ``published``, ``quantity``, ``unit``, ``rule`` (in words), ``low`` and ``high`` (its bounds),
    ``ordering`` (whether it says what is better), ``judgment`` (REPRODUCED, NOT_REPRODUCED or
    INCONCLUSIVE), ``measured`` and ``spread`` (mean and standard deviation), ``values``, ``seeds``
    (how many values), ``each`` (what they are repeated over: trainings, parts of the test set, or
    repeats) and ``reason``.
``figures.json``
    Written at the end: a list of figures, each with ``file`` (relative to ``figures/``),
    ``title``, ``caption`` and ``alt`` (what it shows, for those who cannot see it). They are drawn
    from the records alone.
``curves.json`` and ``layers.json``
    Written at the end, where there are any: which arrays of the records are learning curves, and
    which are densities after each layer of a flow; the fields are those of `Curve` and `Layers`.
``figures/``
    The figures, PNG.

Each of these JSON files has ``format`` (3), ``kind``, what is said above as ``content``, and
``sha256``, which seals the rest of it. Earlier formats are still read: in format 2 records were
never packed, and claims had no bounds as numbers; in format 1 a file was the bare content, and
``study.json`` said the format. A number that is not finite is one of the strings "NaN", "Infinity"
and "-Infinity". Whoever writes holds ``storage.locks.in_use`` of the folder.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from fluvial.errors import InputError
from fluvial.reproduction.budget import Budget
from fluvial.reproduction.claim import JudgedClaim
from fluvial.reproduction.presentation import Curve, Figure, Layers, Story
from fluvial.reproduction.records import Record, Records
from fluvial.reproduction.results_files import FORMAT, format_of, read_content, write_content
from fluvial.storage.folder import check_folder
from fluvial.storage.locks import in_use

__all__ = ["StudyResults"]

# What must be the same for work to go on in a folder; machine and packages may differ.
_IDENTITY = ("format", "study", "version", "fluvial", "budget", "seeds", "units")


class StudyResults:
    """The folder of one study's results. The module's docstring says what is in it.

    `StudyResults.writing` makes or goes on with a folder; `StudyResults` itself only reads.

    Args:
        folder: the folder of the study.

    Attributes:
        header: the content of ``study.json``.

    Raises:
        InputError: if there are no results, they are damaged, or of another format.
    """

    def __init__(self, folder: Path):
        self.folder = folder
        self._version = format_of(folder)
        self.header: dict[str, Any] = self._read("study")
        self._records = self._opened()

    @classmethod
    @contextmanager
    def writing(
        cls, folder: Path, header: Mapping[str, Any], *, resume: bool
    ) -> Iterator["StudyResults"]:
        """Hold the folder for one run: make it, or go on with what is in it.

        Args:
            folder: the folder of the study.
            header: ``study``, ``title``, ``version``, ``fluvial``, ``budget``, ``seeds``,
                ``units`` and whatever else ``study.json`` is to tell.
            resume: go on where results are there already.

        Raises:
            InputError: if the folder is in use by another run, holds results and ``resume`` is
                False, holds those of another study, version, budget or seeds, or anything else;
                or if it cannot be written.
        """
        with in_use(folder):
            check_folder(folder, "study")
            if os.path.lexists(folder / "study.json"):
                results = cls(folder)
                found = {"format": results._version, **results.header}
                _check_same(folder, found, {"format": FORMAT, **header}, resume=resume)
            else:
                _write(folder / "study.json", "study", header)
                results = cls(folder)
            yield results

    @property
    def budget(self) -> Budget:
        """The budget of the run."""
        return Budget(self.header["budget"])

    def done(self, unit: str) -> bool:
        """Tell whether a unit of work is finished."""
        return self._records.done(unit)

    def missing(self) -> list[str]:
        """List the units of work that are not finished, in order."""
        return [unit for unit in self.header["units"] if not self.done(unit)]

    def write(self, unit: str, record: Record, seconds: float) -> None:
        """Keep what a unit of work measured.

        Raises:
            InputError: if it cannot be written, as on a full disk.
        """
        self._records.write(unit, record, seconds)

    def record(self, unit: str) -> Record:
        """Read what a finished unit of work measured.

        Raises:
            InputError: if it is not finished, or its files are not as they were written.
        """
        return self._records.read(unit)

    def seconds(self, unit: str) -> float:
        """Return the wall time that a finished unit of work took."""
        return float(self._records.content(unit)["seconds"])

    def pack(self) -> None:
        """Put the records of all finished units in one file.

        Whenever the process dies, each record is whole in one of the two places.

        Raises:
            InputError: if a record is not as it was written, or the file cannot be written.
        """
        digest = self._records.pack()
        if digest is not None:
            header = {**self.header, "records": digest}
            _write(self.folder / "study.json", "study", header)
            self.header = header
        self._records.remove_loose()
        self._records = self._opened()

    def write_claims(self, claims: Sequence[JudgedClaim]) -> None:
        """Keep the judged claims."""
        contents = [claim.content() for claim in claims]
        _write(self.folder / "claims.json", "claims", contents)

    def claims(self) -> list[dict[str, Any]]:
        """Read the judged claims; none if the study is not finished."""
        return self._list("claims")

    def write_shown(
        self, figures: Sequence[Figure], curves: Sequence[Curve], layers: Sequence[Layers]
    ) -> None:
        """Keep the lists of what there is to be shown."""
        for kind, shown in (("figures", figures), ("curves", curves), ("layers", layers)):
            path = self.folder / f"{kind}.json"
            if shown or kind == "figures":
                _write(path, kind, [one._asdict() for one in shown])
            else:
                path.unlink(missing_ok=True)

    def write_story(self, story: Story | None) -> None:
        """Keep what is said of the study first."""
        header = {name: value for name, value in self.header.items() if name != "story"}
        if story is not None:
            header["story"] = story._asdict()
        _write(self.folder / "study.json", "study", header)
        self.header = header

    def story(self) -> Story | None:
        """Read what is said of the study first; None if that is nothing, or it is not finished."""
        found = self.header.get("story")
        return None if found is None else Story(**{name: found[name] for name in Story._fields})

    def figures(self) -> list[Figure]:
        """Read the list of figures; none if the study is not finished."""
        return [
            Figure(found["file"], found["title"], found["caption"], found.get("alt", ""))
            for found in self._list("figures")
        ]

    def curves(self) -> list[Curve]:
        """Read the list of learning curves; none if there are none, or it is not finished."""
        return [
            Curve(**{name: found[name] for name in Curve._fields}) for found in self._list("curves")
        ]

    def layers(self) -> list[Layers]:
        """Read the list of densities layer after layer; none if none, or it is not finished."""
        return [
            Layers(**{name: found[name] for name in Layers._fields})
            for found in self._list("layers")
        ]

    def _list(self, kind: str) -> list[dict[str, Any]]:
        return self._read(kind) if os.path.lexists(self.folder / f"{kind}.json") else []

    def _read(self, kind: str) -> Any:
        return read_content(kind, self.folder, f"{kind}.json", version=self._version)

    def _opened(self) -> Records:
        units, digest = self.header["units"], self.header.get("records")
        return Records(self.folder, units, self._version, digest)


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


def _write(path: Path, kind: str, content: Any) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{path.parent} cannot be written: {error.strerror}.") from error
    write_content(path, kind, content)
