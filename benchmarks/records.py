"""Results on disk: one JSON, rewritten whole after each posterior, so that a run can go on."""

import json
import math
import os
import tempfile
from pathlib import Path
from typing import Any

__all__ = ["load", "store"]


def load(path: Path | None) -> dict[str, Any]:
    """Records by name; none when there is no file (or no wish for one)."""
    if path is None or not path.exists():
        return {}
    return json.loads(path.read_text())


def store(path: Path | None, records: dict[str, Any]) -> None:
    """Replace the file by the records, all or nothing."""
    if path is None:
        return
    handle, temporary = tempfile.mkstemp(dir=path.resolve().parent, suffix=".json")
    try:
        with os.fdopen(handle, "w") as file:
            json.dump(_finite(records), file, indent=1, allow_nan=False)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def _finite(value: Any) -> Any:
    """JSON has no NaN or infinity: spell them as words, which ``float`` reads back."""
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value
