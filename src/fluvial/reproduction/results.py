"""A study's results on disk, written while it runs.

The folder of a study, ``DIR/<study>/``, in which every file is written whole or not at all:

``study.json``
    What was run, written once, at the start: ``format`` (of this folder), ``study``, ``title``,
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

In all of these JSON files a number that is not finite is one of the strings "NaN", "Infinity" and
"-Infinity". A file beside the folder, ``DIR/.<study>.lock``, is held by whoever writes.
"""

import hashlib
import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from fluvial.errors import InputError
from fluvial.reproduction.budget import Budget
from fluvial.reproduction.claim import JudgedClaim
from fluvial.storage import strict_json
from fluvial.storage.folder import check_folder, replaced
from fluvial.storage.machine import timestamp

__all__ = ["Figure", "Ledger", "Record"]

_FORMAT = 1
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
        self.header = _read_header(folder)

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
        with _locked(folder):
            check_folder(folder, "study")
            path = folder / "study.json"
            wanted = {"format": _FORMAT, **header}
            if path.is_file():
                _check_same(folder, _read_header(folder), wanted, resume=resume)
            else:
                _write(path, strict_json.dump(wanted))
            yield cls(folder)

    @property
    def budget(self) -> Budget:
        """The budget of the run."""
        return Budget(self.header["budget"])

    def done(self, unit: str) -> bool:
        """Tell whether a unit of work is finished."""
        return self._record_path(unit).is_file()

    def missing(self) -> list[str]:
        """List the units of work that are not finished, in order."""
        return [unit for unit in self.header["units"] if not self.done(unit)]

    def write(self, unit: str, record: Record, seconds: float) -> None:
        """Keep what a unit of work measured.

        Raises:
            InputError: if it cannot be written, as on a full disk.
        """
        path = self._record_path(unit)
        digest = None
        if record.arrays:
            data = _npz(record.arrays)
            digest = hashlib.sha256(data).hexdigest()
            _write(path.with_name(f"{unit}.npz"), data)
        content = {
            "unit": unit,
            "seconds": round(seconds, 3),
            "finished": timestamp(),
            "values": record.values,
            "arrays": digest,
        }
        _write(path, strict_json.dump(content))

    def record(self, unit: str) -> Record:
        """Read what a finished unit of work measured.

        Raises:
            InputError: if it is not finished, or its files are not as they were written.
        """
        path = self._record_path(unit)
        if not path.is_file():
            raise InputError(f"{path} is missing: run the study again with --resume.")
        content = _parsed(path)
        arrays = {}
        if content["arrays"] is not None:
            arrays = _arrays(path.with_name(f"{unit}.npz"), content["arrays"])
        return Record(content["values"], arrays)

    def seconds(self, unit: str) -> float:
        """Return the wall time that a finished unit of work took."""
        return float(_parsed(self._record_path(unit))["seconds"])

    def write_claims(self, claims: Sequence[JudgedClaim]) -> None:
        """Keep the judged claims."""
        contents = [claim.content() for claim in claims]
        _write(self.folder / "claims.json", strict_json.dump(contents))

    def claims(self) -> list[dict[str, Any]]:
        """Read the judged claims; none if the study is not finished."""
        return self._list("claims.json")

    def write_figures(self, figures: Sequence[Figure]) -> None:
        """Keep the list of figures."""
        contents = [figure._asdict() for figure in figures]
        _write(self.folder / "figures.json", strict_json.dump(contents))

    def figures(self) -> list[Figure]:
        """Read the list of figures; none if the study is not finished."""
        return [Figure(**content) for content in self._list("figures.json")]

    def _list(self, name: str) -> list[dict[str, Any]]:
        path = self.folder / name
        return _parsed(path) if path.is_file() else []

    def _record_path(self, unit: str) -> Path:
        return self.folder / "records" / f"{unit}.json"


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    from filelock import FileLock, Timeout

    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder.with_name(f".{folder.name}.lock"), blocking=False)
        lock.acquire()
    except Timeout:
        raise InputError(
            f"{folder} is in use by another run: wait for it, or choose another folder."
        ) from None
    except OSError as error:
        raise InputError(f"{folder} cannot be written: {error.strerror}.") from error
    try:
        yield
    finally:
        lock.release()


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


def _read_header(folder: Path) -> dict[str, Any]:
    path = folder / "study.json"
    if not path.is_file():
        raise InputError(f"{folder} holds no results of a study: there is no study.json in it.")
    header = _parsed(path)
    if not isinstance(header, dict) or header.get("format") != _FORMAT:
        raise InputError(
            f"{path} is not of format {_FORMAT}, which this fluvial reads: use the version of "
            "fluvial that wrote it."
        )
    return header


def _parsed(path: Path) -> Any:
    try:
        return strict_json.parse(path.read_bytes())
    except ValueError as error:
        raise _damaged(path) from error
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from error


def _npz(arrays: Mapping[str, np.ndarray]) -> bytes:
    buffer = io.BytesIO()
    np.savez_compressed(
        buffer, allow_pickle=False, **{name: np.asarray(array) for name, array in arrays.items()}
    )
    return buffer.getvalue()


def _arrays(path: Path, digest: str) -> dict[str, np.ndarray]:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise _damaged(path) from error
    if hashlib.sha256(data).hexdigest() != digest:
        raise _damaged(path)
    with np.load(io.BytesIO(data), allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}


def _write(path: Path, data: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{path.parent} cannot be written: {error.strerror}.") from error
    with replaced(path) as fresh:
        fresh.write_bytes(data)


def _damaged(path: Path) -> InputError:
    return InputError(
        f"{path} is not as it was written (truncated, or edited): restore it, or delete "
        f"{path.with_suffix('.*')} and run the study again with --resume."
    )
