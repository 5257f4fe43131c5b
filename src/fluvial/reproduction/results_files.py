"""The JSON files of a study's results: sealed, and of a structure that is checked."""

import os
from pathlib import Path
from typing import Any

from fluvial.errors import InputError
from fluvial.reproduction.budget import Budget
from fluvial.reproduction.claim import Judgement
from fluvial.storage import sealed, strict_json
from fluvial.storage.folder import replaced
from fluvial.storage.reading import place_inside, read_file
from fluvial.storage.schema import FILE_NAME, TEXT, check, record

__all__ = ["FORMAT", "MACHINE", "PACKAGES", "is_unsealed", "read_content", "write_content"]

FORMAT = 2
_UNSEALED = 1  # the format before, whose files hold the content alone
_INTEGERS = {"type": "array", "items": {"type": "integer"}}
_SHA256 = {"type": ["string", "null"], "pattern": r"^[0-9a-f]{64}\Z"}

MACHINE = record(processor=TEXT, cores={"type": "integer"}, system=TEXT, python=TEXT)
PACKAGES = {"type": "object", "additionalProperties": TEXT}

_CLAIM = record(
    **dict.fromkeys(("name", "statement", "source", "published", "quantity", "unit"), TEXT),
    rule=TEXT,
    judgement={"enum": [judgement.value for judgement in Judgement]},
    measured={"type": "measure"},
    spread={"type": "measure"},
    values={"type": "array", "items": {"type": "measure"}},
    seeds={"type": "integer", "minimum": 0},
    reason=TEXT,
    optional={"each": TEXT},
)
_SCHEMAS = {
    "study": record(
        study=FILE_NAME,
        version={"type": "integer"},
        budget={"enum": [budget.value for budget in Budget]},
        seeds=_INTEGERS,
        units={"type": "array", "items": FILE_NAME},
    ),
    "record": record(
        unit=FILE_NAME,
        seconds={"type": "number", "minimum": 0},
        finished=TEXT,
        values={"type": "object"},
        arrays=_SHA256,
    ),
    "claims": {"type": "array", "items": _CLAIM},
    "figures": {
        "type": "array",
        "items": record(file=FILE_NAME, title=TEXT, caption=TEXT, optional={"alt": TEXT}),
    },
}


def write_content(path: Path, kind: str, content: Any) -> None:
    """Write one of the files with its seal.

    Args:
        path: where.
        kind: "study", "record", "claims" or "figures".
        content: as ``strict_json`` can write it.

    Raises:
        InputError: if it cannot be written.
    """
    data = sealed.encode(kind, FORMAT, content)
    with replaced(path) as fresh:
        fresh.write_bytes(data)


def read_content(kind: str, folder: Path, *names: str, unsealed: bool) -> Any:
    """Read one of the files; its words for numbers that are not finite become these numbers.

    Args:
        kind: "study", "record", "claims" or "figures".
        folder: of the study.
        names: where in it.
        unsealed: whether it is of the format before, which had no seals.

    Raises:
        InputError: if it cannot be read, is not as it was written, or is not of the structure.
    """
    path = place_inside(folder, *names)
    data = read_file(path)
    remedy = f"restore it, or delete {path.with_suffix('.*')} and run the study with --resume"
    if unsealed:
        try:
            content = strict_json.read(data)
        except ValueError as error:
            raise sealed.damaged(path, remedy) from error
    else:
        content = sealed.decode(data, path, kind, FORMAT, remedy)["content"]
    content = strict_json.numbers(content)
    check(content, _SCHEMAS[kind], path)
    return content


def is_unsealed(folder: Path) -> bool:
    """Whether a folder's results are of the format before, which had no seals.

    Raises:
        InputError: if there is no readable ``study.json``, or it is of neither format.
    """
    path = folder / "study.json"
    if not os.path.isfile(path):
        raise InputError(f"{folder} holds no results of a study: there is no study.json in it.")
    place_inside(folder, path.name)
    try:
        header = strict_json.read(read_file(path))
    except ValueError as error:
        raise sealed.damaged(path, "restore it, or run the study in another folder") from error
    version = header.get("format") if isinstance(header, dict) else None
    if version not in (_UNSEALED, FORMAT) or isinstance(version, float | bool):
        raise InputError(
            f"{path} is not of format {FORMAT}, which this fluvial reads: use the version of "
            "fluvial that wrote it."
        )
    return version == _UNSEALED
