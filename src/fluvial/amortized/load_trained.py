"""A trained model that was saved."""

from pathlib import Path

from fluvial.amortized.architecture import rebuild
from fluvial.amortized.dlgm import DLGM
from fluvial.amortized.dlgm_files import ARRAYS, KIND
from fluvial.amortized.recipe import Recipe
from fluvial.amortized.schemas import TRAINED
from fluvial.amortized.trained import Trained
from fluvial.errors import InputError
from fluvial.flows import Flow
from fluvial.storage import arrays, strict_json
from fluvial.storage.folder import read_folder
from fluvial.storage.schema import check

__all__ = ["load_trained"]


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
    if ARRAYS not in files:
        raise InputError(f"{directory} has no {ARRAYS}: restore it, or train again.")
    skeleton = rebuild(content["architecture"], directory, model=model, flow=flow)
    return Trained(
        dlgm=arrays.from_bytes(files[ARRAYS], skeleton, str(directory)),
        recipe=Recipe(**content["recipe"]),
        shape=tuple(content["shape"]),
        validation_bound=float(content["validation_bound"]),
        best_step=content["best_step"],
        skipped=content["skipped"],
        history=tuple(strict_json.numbers(content["history"])),
    )
