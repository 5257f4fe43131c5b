"""A trained model on disk: JSON for what is said, safetensors for its numbers."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fluvial.amortized.architecture import describe
from fluvial.amortized.dlgm import DLGM
from fluvial.storage import arrays
from fluvial.storage.folder import write_folder

__all__ = ["ARRAYS", "KIND", "save"]

KIND = "dlgm"
ARRAYS = "dlgm.safetensors"


def save(dlgm: DLGM, said: Mapping[str, Any], directory: Path) -> Path:
    """Write a model to a folder: dlgm.json and dlgm.safetensors.

    Args:
        dlgm: the model.
        said: what else is known of it, as JSON can hold.
        directory: made where needed.

    Raises:
        InputError: if the folder holds anything else, or cannot be written.
    """
    content = {"architecture": describe(dlgm), **said}
    write_folder(directory, KIND, content, {ARRAYS: arrays.to_bytes(dlgm)})
    return directory
