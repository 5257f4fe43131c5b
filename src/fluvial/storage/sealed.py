"""JSON files that detect edits: each holds the SHA-256 of its own content."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from fluvial.errors import InputError
from fluvial.storage import strict_json

__all__ = ["damaged", "decode", "encode", "sha256"]

_ADVICE = "save the results again"


def encode(
    kind: str, version: int, content: Mapping[str, Any] | Sequence[Any], **further: Any
) -> bytes:
    r"""Write ``format``, ``kind``, ``content``, whatever else is given, and the seal.

    Args:
        kind: what it is, such as "claims".
        version: of the format.
        content: as ``strict_json`` can write it.
        further: other fields beside it.

    Example:
        >>> decode(encode("claims", 2, [1.5]), Path("claims.json"), "claims", 2)["content"]
        [1.5]
    """
    fields = {"format": version, "kind": kind, **further, "content": content}
    unsealed = strict_json.plain(fields)
    sealed = unsealed | {"sha256": _seal(unsealed)}
    return _laid_out(sealed).encode()


def decode(
    data: bytes, path: Path, kind: str, version: int, advice: str = _ADVICE
) -> dict[str, Any]:
    """Read what ``encode`` wrote.

    Args:
        data: the bytes of the file.
        path: where they were read, for the complaint.
        kind: the kind that is expected.
        version: of the format.
        advice: what to do about a file that is not as it was written.

    Raises:
        InputError: if it is of another format or kind, or not as it was written.
    """
    try:
        fields = strict_json.read(data)
    except ValueError as error:
        raise damaged(path, advice) from error
    if not isinstance(fields, dict) or not isinstance(fields.get("format"), int):
        raise damaged(path, advice)
    if fields["format"] != version:
        raise InputError(
            f"{path} is of format {fields['format']:.0f}, and this fluvial reads format "
            f"{version}: load it with the version of fluvial that wrote it."
        )
    if fields.get("sha256") != _seal(fields) or "content" not in fields:
        raise damaged(path, advice)
    if fields.get("kind") != kind:
        raise InputError(f"{path} holds {str(fields.get('kind'))[:40]}, not {kind}: restore it.")
    return fields


def damaged(path: Path, advice: str = _ADVICE) -> InputError:
    """Return the complaint about a file that is not as it was written."""
    return InputError(f"{path} is not as it was written (truncated, or edited): {advice}.")


def sha256(data: bytes) -> str:
    """Return the SHA-256 in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def _laid_out(fields: Mapping[str, Any]) -> str:
    """A line a field, and of the content a line an entry: short, and good to compare."""

    def text(value: Any) -> str:
        return json.dumps(value, ensure_ascii=False, allow_nan=False)

    lines = [f"{text(name)}: {text(value)}" for name, value in fields.items() if name != "content"]
    content = fields["content"]
    if isinstance(content, dict):
        entries = [f"{text(name)}: {text(value)}" for name, value in content.items()]
        lines.append('"content": {\n    ' + ",\n    ".join(entries) + "\n  }")
    else:
        entries = [text(value) for value in content]
        lines.append('"content": [\n    ' + ",\n    ".join(entries) + "\n  ]")
    return "{\n  " + ",\n  ".join(lines) + "\n}\n"


def _seal(fields: Mapping[str, Any]) -> str:
    """Hash all but the hash itself, whatever the layout of the text."""
    unsealed = {name: value for name, value in fields.items() if name != "sha256"}
    return sha256(json.dumps(unsealed, sort_keys=True).encode())
