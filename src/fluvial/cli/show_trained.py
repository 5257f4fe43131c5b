"""What the commands that use a trained model have in common."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from fluvial.errors import InputError

if TYPE_CHECKING:
    import numpy as np

    from fluvial.amortized import Trained

__all__ = ["load_model", "write_arrays"]


def load_model(directory: Path) -> "Trained":
    """Read a trained model.

    Raises:
        InputError: if there is none.
    """
    from fluvial.amortized import Trained
    from fluvial.loading import load

    loaded = load(directory)
    if not isinstance(loaded, Trained):
        raise InputError(f"{directory} holds a posterior: give a folder that fluvial train left.")
    return loaded


def write_arrays(arrays: "Mapping[str, np.ndarray]", path: Path) -> Path:
    """Write arrays to a .npz file, and return its path.

    Raises:
        InputError: if the path has another suffix, or cannot be written.
    """
    from fluvial.storage.array_files import to_npz
    from fluvial.storage.writing import replaced

    if path.suffix != ".npz":
        raise InputError(f"{path} is to be an array file: call it {path.with_suffix('.npz').name}.")
    with replaced(path) as fresh:
        fresh.write_bytes(to_npz(dict(arrays), compressed=True))
    return path
