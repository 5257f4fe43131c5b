"""A trained model on disk: JSON for what is said, safetensors for the arrays."""

import dataclasses
from pathlib import Path

from fluvial.amortized.architecture import describe, rebuild
from fluvial.amortized.dlgm import DLGM
from fluvial.amortized.recipe import Recipe
from fluvial.amortized.schemas import TRAINED
from fluvial.amortized.trained import Trained
from fluvial.errors import InputError
from fluvial.flows import Flow
from fluvial.storage import arrays, strict_json
from fluvial.storage.folder import read_folder, write_folder
from fluvial.storage.schema import check

__all__ = ["KIND", "load_trained", "save"]

KIND = "dlgm"
_ARRAYS = "dlgm.safetensors"


def save(trained: Trained, directory: Path) -> Path:
    """Write a trained model to a folder: dlgm.json and dlgm.safetensors.

    Raises:
        InputError: if the folder holds anything else, or cannot be written.
    """
    content = {
        "architecture": describe(trained.dlgm),
        "recipe": dataclasses.asdict(trained.recipe),
        "shape": list(trained.shape),
        "validation_bound": trained.validation_bound,
        "best_step": trained.best_step,
        "skipped": trained.skipped,
        "history": [dict(line) for line in trained.history],
    }
    write_folder(directory, KIND, content, {_ARRAYS: arrays.to_bytes(trained.dlgm)})
    return directory


def load_trained(
    directory: Path, *, model: DLGM | None = None, flow: Flow | None = None
) -> Trained:
    """Read a trained model that ``save`` wrote; see ``fluvial.load``.

    Raises:
        InputError: if nothing was saved there, it was damaged or edited, or it is of another
            architecture than the model or flow that was given.
    """
    content, files = read_folder(directory, KIND)
    check(content, TRAINED, directory / f"{KIND}.json")
    if _ARRAYS not in files:
        raise InputError(f"{directory} has no {_ARRAYS}: restore it, or train again.")
    skeleton = rebuild(content["architecture"], directory, model=model, flow=flow)
    return Trained(
        dlgm=arrays.from_bytes(files[_ARRAYS], skeleton, str(directory)),
        recipe=Recipe(**content["recipe"]),
        shape=tuple(content["shape"]),
        validation_bound=float(content["validation_bound"]),
        best_step=content["best_step"],
        skipped=content["skipped"],
        history=tuple(strict_json.numbers(content["history"])),
    )
