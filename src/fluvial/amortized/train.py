"""From a model and images to a trained model: the pipeline, from top to bottom."""

import json
import math
import sys
import time
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Key, Shaped

from fluvial.amortized.architecture import check_same, describe
from fluvial.amortized.checkpoints import Checkpoints
from fluvial.amortized.data import Data, order, prepare
from fluvial.amortized.dlgm import DLGM
from fluvial.amortized.evaluate import bounds
from fluvial.amortized.identity import check_continues, identity
from fluvial.amortized.loading import load_trained
from fluvial.amortized.recipe import Recipe
from fluvial.amortized.steps import (
    Batches,
    Measured,
    run_chunk,
    start_state,
)
from fluvial.amortized.trained import Trained
from fluvial.datasets import Dataset, to_unit
from fluvial.devices import Devices
from fluvial.errors import InputError
from fluvial.flows import Flow, check_flow
from fluvial.progress import Progress
from fluvial.seeds import check_seed
from fluvial.storage import arrays
from fluvial.training.interrupts import DeferredInterrupt

__all__ = ["train"]

_SHORTEST, _LONGEST = 50, 500
_START_IMAGES = 10_000
_ADVICE = "resume, on any number of devices, to go on from the last checkpoint"


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
    run = _Run(dlgm, data, recipe, seed, steps_key, validation_key, None, devices)
    try:
        run.open(checkpoint, resume=resume)
        trained = run.finished()
        if trained is None:
            with devices.together(_ADVICE):
                run.start(shown=progress and devices.first)
                run.go(checkpoint_seconds, shown=progress and devices.first)
            trained = run.trained()
            run.save(trained)
        return trained
    finally:
        run.close()


@dataclass
class _Best:
    """The best parameters so far, on the host, and where they were found."""

    parameters: Any
    bound: float = -math.inf
    step: int = 0


@dataclass
class _Run:
    """A training under way."""

    dlgm: DLGM
    data: Data
    recipe: Recipe
    seed: int
    steps_key: Key[Array, ""]
    validation_key: Key[Array, ""]
    folder: Checkpoints | None
    devices: Devices
    seconds: float = 0.0
    history: list[dict[str, Any]] = field(default_factory=list)
    found: tuple[dict[str, Any], bytes, Path] | None = None

    def __post_init__(self) -> None:
        images = len(self.data.train)
        if self.recipe.batch > images:
            raise InputError(
                f"a batch of {self.recipe.batch} is more than the {images} images to train on: "
                "choose a smaller batch."
            )
        self.devices.check_batch(self.recipe.batch)
        self._plan(began=0)

    def _plan(self, began: int) -> None:
        """Divide the steps that are left from ``began`` on into chunks."""
        images = len(self.data.train)
        left = max(self.recipe.steps(images) - began, 0)
        longest = min(max(math.ceil(images / self.recipe.batch), _SHORTEST), _LONGEST)
        chunks = math.ceil(left / longest)
        self.chunk = math.ceil(left / max(chunks, 1))  # of one size, so that one program is enough
        self.began, self.steps = began, began + chunks * self.chunk

    @property
    def identity(self) -> dict[str, Any]:
        """What must be the same for a training to go on."""
        return identity(self.recipe, self.seed, self.data.train)

    def open(self, checkpoint: str | Path | None, *, resume: bool) -> None:
        """Take the folder for this training; what is wrong with it is said in every process."""
        problem = ""
        if checkpoint is not None and self.devices.first:
            try:
                self.folder = Checkpoints(Path(checkpoint), resume=resume)
                self.found = self._check_found(self.folder)
            except InputError as error:
                if self.devices.processes == 1:
                    raise
                problem = str(error)
        with self.devices.together(_ADVICE):
            problem = self.devices.share(problem.encode()).decode()
        if problem:
            raise InputError(problem)

    def close(self) -> None:
        """Let others use the folder."""
        if self.folder is not None:
            self.folder.close()

    def finished(self) -> Trained | None:
        """Read the trained model, if the folder has one of as many epochs."""
        folder = self.folder
        if self.devices.processes > 1 or folder is None:
            return None
        if not (folder.model / "dlgm.json").is_file():
            return None
        flow = self.dlgm.inference.flow
        try:
            trained = load_trained(
                folder.model,
                model=self.dlgm.with_flow(None),
                flow=None if flow is None else flow.template,
            )
        except InputError as error:
            raise InputError(
                f"{folder.model} cannot be read ({str(error).rstrip('.')}): delete it, and resume "
                "to make it again from the checkpoints."
            ) from error
        if trained.recipe == self.recipe:
            return trained
        if self.found is None:
            raise InputError(
                f"{folder.folder} holds a model that was trained otherwise, and no checkpoint to "
                "go on from: choose another folder."
            )
        return None

    def start(self, *, shown: bool) -> None:
        """Begin at the checkpoint that is there, or at the beginning."""
        same = json.dumps([self.identity, describe(self.dlgm)], sort_keys=True, default=str)
        self.devices.check_same(zlib.crc32(same.encode()), "images, recipe, seed and model")
        self.dlgm = self.dlgm.starting_at(to_unit(self.data.train[:_START_IMAGES]))
        self.state = self.devices.replicate(start_state(self.dlgm))
        self.best = _Best(_on_host(self.state.parameters))
        self.step = 0
        if not self._resumed(shown=shown) and self.folder is not None:
            self.history = list(self.folder.lines(-1))

    def _check_found(self, folder: Checkpoints) -> tuple[dict[str, Any], bytes, Path] | None:
        """Read the newest checkpoint, and refuse one of another training."""
        found = folder.newest()
        if found is not None:
            content, _, origin = found
            check_same(content["architecture"], describe(self.dlgm), origin)
            check_continues(content, self.identity, folder.folder)
        return found

    def _resumed(self, *, shown: bool) -> bool:
        found, self.found = self.found, None  # its bytes are not needed any longer
        content, data, origin = found or ({}, b"", "")
        # The first process has read it, and tells the others.
        content = json.loads(self.devices.share(json.dumps(content).encode()))
        data = self.devices.share(data)
        if not content:
            return False
        template = (self.state, self.best.parameters)
        state, best = arrays.from_bytes(data, template, str(origin))
        self.state = self.devices.replicate(state)
        self.best = _Best(_on_host(best), content["best_bound"], content["best_step"])
        self.step, self.seconds = content["step"], content["seconds"]
        more = self.recipe.epochs > content["recipe"]["epochs"]
        self._plan(began=self.step if more else content.get("began", 0))
        if more and shown:
            self._say_more()
        if self.folder is not None:
            self.history = list(self.folder.lines(self.step))
        return True

    def _say_more(self) -> None:
        images, steps = len(self.data.train), np.array([self.step, self.steps])
        first, last = self.recipe.rates(steps, self.steps)
        sys.stderr.write(
            f"going on after {self.step * self.recipe.batch / images:.4g} epochs to "
            f"{self.recipe.epochs:g}: the learning rate is that of a schedule of "
            f"{self.recipe.epochs:g} epochs from here on, {first:.2g} falling to {last:.2g}\n"
        )

    def go(self, checkpoint_seconds: float, *, shown: bool) -> None:
        """Take the steps that are left."""
        images = self.devices.replicate(self.data.train)
        written = time.monotonic()
        # An interrupt within a chunk would lose it, and the state that it was given.
        with (
            Progress(shown=shown) as progress,
            progress.stage("training"),
            DeferredInterrupt() as interrupt,
        ):
            progress.update(self.step, self.steps, "compiling")
            last = time.perf_counter()
            while not self._done() and not self.devices.any(interrupt.noted):
                measured = self._take_chunk(images)
                validation = self._validate()
                seconds, last = time.perf_counter() - last, time.perf_counter()
                speed = self.chunk * self.recipe.batch / seconds
                self.seconds += seconds
                self._note(measured, validation, speed)
                note = f"bound {validation:.2f}, {speed:.0f} images/s"
                progress.update(self.step, self.steps, note)
                if time.monotonic() - written >= checkpoint_seconds and self.step < self.steps:
                    self.write_checkpoint()
                    written = time.monotonic()
        if not self._done():
            self.write_checkpoint()
            raise KeyboardInterrupt

    def _done(self) -> bool:
        """Whether all steps are taken, or the bound has not improved for longer than it may."""
        since = self.step - max(self.best.step, self.began)
        epochs = since * self.recipe.batch / len(self.data.train)
        return self.step >= self.steps or 0 < self.recipe.patience < epochs

    def _take_chunk(self, images: Shaped[Array, "N D"]) -> Measured:
        count, batch = len(self.data.train), self.recipe.batch
        steps = np.arange(self.step, self.step + self.chunk)
        rows = order(self.seed, count, self.step * batch, self.chunk * batch)
        batches = Batches(
            images=images,
            indices=self.devices.split(rows.reshape(self.chunk, batch), axis=1),
            rates=jnp.asarray(self.recipe.rates(steps, self.steps)),
            weights=jnp.asarray(self.recipe.weights(steps, count)),
            fresh=self.data.fresh,
            draws=self.recipe.draws,
        )
        with jax.default_matmul_precision(self.recipe.products):
            state, measured = run_chunk((self.dlgm, batches, self.steps_key), self.state)
        self.state, self.step = state, self.step + self.chunk
        return jax.tree.map(np.asarray, measured)

    def _validate(self) -> float:
        model = _with_parameters(self.dlgm, self.state.parameters)
        rows, key = self.data.validation, self.validation_key
        bound = float(bounds(model, rows, 1, key, self.devices).mean())
        if bound > self.best.bound:
            self.best = _Best(_on_host(self.state.parameters), bound, self.step)
        return bound

    def _note(self, measured: Measured, validation: float, speed: float) -> None:
        line = {
            "step": self.step,
            "epoch": round(self.step * self.recipe.batch / len(self.data.train), 3),
            "annealed_free_energy": float(measured.free_energy.mean()),
            "train_bound": float(measured.bound.mean()),
            "validation_bound": validation,
            "rate": float(self.recipe.rates(np.array([self.step - 1]), self.steps)[0]),
            "skipped": int(self.state.optimizer.skipped),
            "images_per_second": round(speed, 1),
            "seconds": round(self.seconds, 3),
        }
        self.history.append(line)
        if self.folder is not None:
            self.folder.append(line)

    def write_checkpoint(self) -> None:
        """Keep the state as it is now."""
        if self.folder is None:
            return
        content = {
            "architecture": describe(self.dlgm),
            **self.identity,
            "step": self.step,
            "began": self.began,
            "seconds": self.seconds,
            "best_bound": self.best.bound,
            "best_step": self.best.step,
        }
        self.folder.write(self.step, content, (self.state, self.best.parameters))

    def save(self, trained: Trained) -> None:
        """Keep the last state and the trained model."""
        if self.folder is not None:
            self.write_checkpoint()
            trained.save(self.folder.model)

    def trained(self) -> Trained:
        """Return the model at its best parameters."""
        if not math.isfinite(self.best.bound):
            raise InputError(
                "no step gave a finite bound on the validation images: look for absurd values in "
                f"the images, or lower the rate, which is {self.recipe.rate:g}."
            )
        return Trained(
            dlgm=_with_parameters(self.dlgm, jax.tree.map(jnp.asarray, self.best.parameters)),
            recipe=self.recipe,
            shape=self.data.shape,
            validation_bound=self.best.bound,
            best_step=self.best.step,
            skipped=int(self.state.optimizer.skipped),
            history=tuple(self.history),
        )


def _with_parameters(dlgm: DLGM, parameters: Any) -> DLGM:
    return eqx.combine(parameters, eqx.filter(dlgm, eqx.is_inexact_array, inverse=True))


def _on_host(parameters: Any) -> Any:
    """Copy parameters, whose buffers the next chunk is given up to."""
    return jax.tree.map(lambda leaf: np.array(leaf), parameters)
