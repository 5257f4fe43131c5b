"""The JSON files of a study's results: sealed, and of a structure that is checked."""

import os
from pathlib import Path
from typing import Any

from fluvial.errors import InputError
from fluvial.reproduction.budget import Budget
from fluvial.reproduction.repetition import Repetition
from fluvial.reproduction.rule import ClaimVerdict
from fluvial.storage import sealed, strict_json
from fluvial.storage.reading import place_inside, read_file
from fluvial.storage.schema import FILE_NAME, TEXT, check, record
from fluvial.storage.writing import replaced

__all__ = [
    "FORMAT",
    "MACHINE",
    "PACKAGES",
    "decode_content",
    "encode_content",
    "format_of",
    "loose_remedy",
    "read_content",
    "write_content",
]

FORMAT = 3
_UNSEALED = 1  # the first format, whose files hold the content alone
_FORMATS = (_UNSEALED, 2, FORMAT)
_INTEGERS = {"type": "array", "items": {"type": "integer"}}
_SHA256 = {"type": ["string", "null"], "pattern": r"^[0-9a-f]{64}\Z"}

MACHINE = record(
    processor=TEXT,
    cores={"type": "integer"},
    system=TEXT,
    python=TEXT,
    optional={"accelerator": TEXT},
)
PACKAGES = {"type": "object", "additionalProperties": TEXT}

_MEASURE = {"type": "measure"}
_JUDGED = dict(
    **dict.fromkeys(("name", "statement", "source", "published", "quantity", "unit"), TEXT),
    rule=TEXT,
    judgement={"enum": [judgment.value for judgment in ClaimVerdict]},
    measured=_MEASURE,
    spread=_MEASURE,
    values={"type": "array", "items": _MEASURE},
    seeds={"type": "integer", "minimum": 0},
    reason=TEXT,
)
_BOUNDS = {"low": _MEASURE, "high": _MEASURE, "ordering": {"type": "boolean"}}
_EACH = {"enum": [repetition.value for repetition in Repetition]}
_CLAIM = record(**_JUDGED, **_BOUNDS, each=_EACH)
_EARLIER_CLAIM = record(**_JUDGED, optional={**_BOUNDS, "each": TEXT})
_SCHEMAS = {
    "study": record(
        study=FILE_NAME,
        version={"type": "integer"},
        budget={"enum": [budget.value for budget in Budget]},
        seeds=_INTEGERS,
        units={"type": "array", "items": FILE_NAME},
        optional={
            "records": _SHA256,
            "story": record(claimed=TEXT, telling={"type": "array", "items": TEXT}, picture=TEXT),
        },
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
    "curves": {
        "type": "array",
        "items": record(
            unit=FILE_NAME,
            array=TEXT,
            quantity=TEXT,
            label=TEXT,
            steps={"type": "integer", "minimum": 0},
        ),
    },
    "layers": {
        "type": "array",
        "items": record(unit=FILE_NAME, array=TEXT, label=TEXT, true=TEXT),
    },
}


def encode_content(kind: str, content: Any) -> bytes:
    """Write the bytes of one of the files, with its seal.

    Args:
        kind: "study", "record", "claims", "figures", "curves" or "layers".
        content: as ``strict_json`` can write it.
    """
    return sealed.encode(kind, FORMAT, content)


def write_content(path: Path, kind: str, content: Any) -> None:
    """Write one of the files; see `encode_content`.

    Raises:
        InputError: if it cannot be written.
    """
    with replaced(path) as fresh:
        fresh.write_bytes(encode_content(kind, content))


def decode_content(kind: str, data: bytes, path: Path, version: int, remedy: str) -> Any:
    """Read the bytes of a file; its words for numbers that are not finite become these numbers.

    Args:
        kind: as in `encode_content`.
        data: the bytes.
        path: where they were read, for the complaint.
        version: of the format.
        remedy: what to do about a file that is not as it was written.

    Raises:
        InputError: if it is not as it was written, or not of the structure.
    """
    if version == _UNSEALED:
        try:
            content = strict_json.read(data)
        except ValueError as error:
            raise sealed.damaged(path, remedy) from error
    else:
        content = sealed.decode(data, path, kind, version, remedy)["content"]
    content = strict_json.numbers(content)
    schema = _SCHEMAS[kind]
    if kind == "claims" and version < FORMAT:
        schema = {"type": "array", "items": _EARLIER_CLAIM}
    check(content, schema, path)
    return content


def read_content(kind: str, folder: Path, *names: str, version: int) -> Any:
    """Read one of the files; see `decode_content`.

    Args:
        kind: as in `encode_content`.
        folder: of the study.
        names: where in it.
        version: of the format.

    Raises:
        InputError: if it cannot be read, is not as it was written, or is not of the structure.
    """
    path = place_inside(folder, *names)
    return decode_content(kind, read_file(path), path, version, loose_remedy(path))


def loose_remedy(path: Path) -> str:
    """Return what to do about a file, not of an archive, that is not as it was written."""
    return f"restore it, or delete {path.with_suffix('.*')} and run the study with --resume"


def format_of(folder: Path) -> int:
    """Return the format of a folder's results; the first had no seals.

    Raises:
        InputError: if there is no readable ``study.json``, or it is of no known format.
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
    if version not in _FORMATS or isinstance(version, float | bool):
        raise InputError(
            f"{path} is not of format {FORMAT}, which this fluvial reads: use the version of "
            "fluvial that wrote it."
        )
    return version
