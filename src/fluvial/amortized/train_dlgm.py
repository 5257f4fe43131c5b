"""From a model and images to a trained model: the pipeline, from top to bottom."""

from pathlib import Path

import jax
import numpy as np
from jaxtyping import Shaped

from fluvial.amortized.data import prepare
from fluvial.amortized.dlgm import DLGM
from fluvial.amortized.identity import identity
from fluvial.amortized.recipe import Recipe
from fluvial.amortized.trained import Trained
from fluvial.amortized.training_folder import ADVICE, finished_model, open_folder
from fluvial.amortized.training_run import TrainingRun
from fluvial.datasets import Dataset
from fluvial.devices import Devices
from fluvial.flows import Flow, check_flow
from fluvial.seeds import check_seed

__all__ = ["train"]


def train(
    dlgm: DLGM,
    images: Dataset | Shaped[np.ndarray, "N ..."],
    flow: str | Flow | None = None,
    seed: int = 0,
    *,
    labels: np.ndarray | None = None,
    recipe: Recipe | None = None,
    checkpoint: str | Path | None = None,
    resume: bool = False,
    checkpoint_seconds: float = 60.0,
    progress: bool = True,
    every_device: bool | None = None,
) -> Trained:
    """Train a model and its inference network by stochastic gradients of the free energy.

    Steps run in compiled chunks. Between two of them the bound on the validation images, with
    fixed draws and never annealed, is taken; the parameters where it was best are what is
    returned. A training that is interrupted, or killed, resumes to the same bits.

    Each batch is split over all GPUs or TPUs, and over all processes if ``distributed.join`` was
    called first; images and parameters are on each. The numbers are those of one device but for
    rounding, and a checkpoint resumes on any number of them. CPU devices of one process share its
    cores: of those one is used, unless ``every_device`` is True. Of several processes only the
    first touches the folder.

    Args:
        dlgm: the model to start from.
        images: a data set, of which the test part is not looked at; or an array of shape (N, ...),
            of which a tenth, at most 5,000, is held out at random to validate with.
        flow: such as "planar:20", or a ``Flow``, to follow q0; None for the flow that ``dlgm``
            has, if any.
        seed: decides the flow's start, the order of the images, their binarization and all draws.
        labels: of an array of images, whole numbers from 0, if the model is conditional (has
            ``classes``); a data set has its own.
        recipe: how to train; by default ``Recipe()``.
        checkpoint: a folder for checkpoints, metrics as JSON lines and, in ``model/``, the result.
        resume: go on with what is in that folder; a finished training is read, not repeated. If
            the recipe has more epochs than before, it is trained on: from there the learning rate
            is that of a schedule of all these epochs, so it rises again before it falls.
        checkpoint_seconds: how often a checkpoint is written.
        progress: show a line on the terminal.
        every_device: True splits over all devices, also where one process has several on one CPU;
            with False the first device of this process does all.

    Returns:
        The trained model.

    Raises:
        InputError: if the images do not fit the model or its likelihood, the batch cannot be
            split evenly over the devices, the folder holds something else, is damaged, is in use
            by another training, or cannot be written, or another process has stopped.
        KeyboardInterrupt: on Ctrl-C, once the steps under way are done and kept in a checkpoint; on
            a second one at once.
    """
    recipe = recipe or Recipe()
    check_seed(seed)
    if isinstance(flow, str):
        check_flow(flow)  # before the images are touched
    data = prepare(images, dlgm, recipe.binarization, seed, labels)
    flow_key, steps_key, validation_key = jax.random.split(jax.random.key(seed), 3)
    if flow is not None:
        dlgm = dlgm.with_flow(flow, amortize=recipe.amortize, key=flow_key)
    devices = Devices(every=every_device)
    run = TrainingRun(dlgm, data, recipe, seed, steps_key, validation_key, devices)
    same = identity(recipe, seed, data.train)
    folder, found = open_folder(checkpoint, dlgm, same, devices, resume=resume)
    try:
        trained = None
        if folder is not None and devices.processes == 1:
            trained = finished_model(folder, dlgm, recipe, resumable=found is not None)
        if trained is None:
            with devices.together(ADVICE):
                run.start(same, folder, found, shown=progress and devices.first)
                run.go(checkpoint_seconds, shown=progress and devices.first)
            trained = run.trained()
            run.save(trained)
        return trained
    finally:
        if folder is not None:
            folder.close()
