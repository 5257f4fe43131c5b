"""The folder of a training: taken, read, and what it holds checked against what is asked for."""

import json
from pathlib import Path
from typing import Any, NamedTuple

from fluvial.amortized.architecture import check_same, describe
from fluvial.amortized.checkpoints import Checkpoints
from fluvial.amortized.dlgm import DLGM
from fluvial.amortized.identity import check_continues
from fluvial.amortized.load_trained import load_trained
from fluvial.amortized.recipe import Recipe
from fluvial.amortized.trained import Trained
from fluvial.devices import Devices
from fluvial.errors import InputError

__all__ = ["ADVICE", "FoundCheckpoint", "finished_model", "open_folder", "shared"]

ADVICE = "resume, on any number of devices, to go on from the last checkpoint"


class FoundCheckpoint(NamedTuple):
    """A checkpoint to go on from.

    Attributes:
        content: what JSON holds of it.
        arrays: the state and the best parameters, as bytes.
        origin: its folder.
    """

    content: dict[str, Any]
    arrays: bytes
    origin: Path


def open_folder(
    checkpoint: str | Path | None,
    dlgm: DLGM,
    identity: dict[str, Any],
    devices: Devices,
    *,
    resume: bool,
) -> tuple[Checkpoints | None, FoundCheckpoint | None]:
    """Take the folder for a training; what is wrong with it is said in every process.

    Args:
        checkpoint: the folder, or None for none.
        dlgm: the model to be trained.
        identity: of the training.
        devices: of which only the first process touches the folder.
        resume: whether to go on with what is there.

    Returns:
        The folder and its newest checkpoint, each None where there is none.

    Raises:
        InputError: if the folder cannot be used, or holds another training.
    """
    folder, found, problem = None, None, ""
    if checkpoint is not None and devices.first:
        try:
            folder, found = _taken(Path(checkpoint), dlgm, identity, resume=resume)
        except InputError as error:
            if devices.processes == 1:
                raise
            problem = str(error)
    with devices.together(ADVICE):
        problem = devices.share(problem.encode()).decode()
    if problem:
        raise InputError(problem)
    return folder, found


def _taken(
    path: Path, dlgm: DLGM, identity: dict[str, Any], *, resume: bool
) -> tuple[Checkpoints, FoundCheckpoint | None]:
    """Take a folder, and refuse one of another training."""
    folder = Checkpoints(path, resume=resume)
    try:
        newest = folder.newest()
        found = None if newest is None else FoundCheckpoint(*newest)
        if found is not None:
            check_same(found.content["architecture"], describe(dlgm), found.origin)
            check_continues(found.content, identity, folder.folder)
    except BaseException:
        folder.close()
        raise
    return folder, found


def finished_model(
    folder: Checkpoints, dlgm: DLGM, recipe: Recipe, *, resumable: bool
) -> Trained | None:
    """Read the trained model, if the folder has one that was trained by this recipe.

    Args:
        folder: of the training.
        dlgm: the model that would be trained.
        recipe: how.
        resumable: whether there is a checkpoint to go on from.

    Raises:
        InputError: if the model cannot be read, or was trained otherwise and cannot go on.
    """
    if not (folder.model / "dlgm.json").is_file():
        return None
    flow = dlgm.inference.flow
    try:
        trained = load_trained(
            folder.model,
            model=dlgm.with_flow(None),
            flow=None if flow is None else flow.template,
        )
    except InputError as error:
        raise InputError(
            f"{folder.model} cannot be read ({str(error).rstrip('.')}): delete it, and resume "
            "to make it again from the checkpoints."
        ) from error
    if trained.recipe == recipe:
        return trained
    if not resumable:
        raise InputError(
            f"{folder.folder} holds a model that was trained otherwise, and no checkpoint to "
            "go on from: choose another folder."
        )
    return None


def shared(found: FoundCheckpoint | None, devices: Devices) -> FoundCheckpoint | None:
    """Tell all processes of the checkpoint that the first one has read."""
    content, arrays, origin = found or FoundCheckpoint({}, b"", Path())
    content = json.loads(devices.share(json.dumps(content).encode()))
    arrays = devices.share(arrays)
    return FoundCheckpoint(content, arrays, origin) if content else None
