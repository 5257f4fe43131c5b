"""From a model and images to a trained model: the pipeline, from top to bottom."""

import dataclasses
import json
import math
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
from fluvial.amortized.meter import Meter
from fluvial.amortized.recipe import Recipe
from fluvial.amortized.steps import (
    Batches,
    Measured,
    run_chunk,
    start_state,
)
from fluvial.amortized.storage import load_trained
from fluvial.amortized.trained import Trained
from fluvial.datasets import Dataset, to_unit
from fluvial.devices import Devices
from fluvial.errors import InputError
from fluvial.flows import Flow
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
    recipe: Recipe | None = None,
    checkpoint: str | Path | None = None,
    resume: bool = False,
    checkpoint_seconds: float = 60.0,
    progress: bool = True,
) -> Trained:
    """Train a model and its inference network by stochastic gradients of the free energy.

    Steps run in compiled chunks. Between two of them the bound on the validation images, with
    fixed draws and never annealed, is taken; the parameters where it was best are what is
    returned. A training that is interrupted, or killed, resumes to the same bits.

    Each batch is split over all devices, of all processes if ``amortized.join`` was called first;
    images and parameters are on each. The numbers are those of one device but for rounding, and a
    checkpoint resumes on any number of them. Of several processes only the first touches the
    folder.

    Args:
        dlgm: the model to start from.
        images: a data set, of which the test part is not looked at; or an array of shape (N, ...),
            of which a tenth, at most 5,000, is held out at random to validate with.
        flow: such as "planar:20", or a ``Flow``, to follow q0; None for the flow that ``dlgm``
            has, if any.
        seed: decides the flow's start, the order of the images, their binarization and all draws.
        recipe: how to train; by default ``Recipe()``.
        checkpoint: a folder for checkpoints, metrics as JSON lines and, in ``model/``, the result.
        resume: go on with what is in that folder; a finished training is read, not repeated.
        checkpoint_seconds: how often a checkpoint is written.
        progress: show a line on the terminal.

    Returns:
        The trained model.

    Raises:
        InputError: if the images do not fit the model or its likelihood, the batch cannot be
            split evenly over the devices, the folder holds something else, is damaged, or cannot
            be written, or another process has stopped.
        KeyboardInterrupt: on Ctrl-C, once the steps under way are done and kept in a checkpoint; on
            a second one at once.
    """
    recipe = recipe or Recipe()
    data = prepare(images, dlgm, recipe.binarization, seed)
    flow_key, steps_key, validation_key = jax.random.split(jax.random.key(seed), 3)
    if flow is not None:
        dlgm = dlgm.with_flow(flow, amortize=recipe.amortize, key=flow_key)
    devices = Devices(every=True)
    folder = None
    if checkpoint is not None and devices.first:
        folder = Checkpoints(Path(checkpoint), resume=resume)
    run = _Run(dlgm, data, recipe, seed, steps_key, validation_key, folder, devices)
    alone = devices.processes == 1
    if alone and folder is not None and (folder.model / "dlgm.json").is_file():
        run.check_identity(folder)
        return _finished(folder.model, dlgm)
    with devices.together(_ADVICE):
        run.start()
        run.go(checkpoint_seconds, shown=progress and devices.first)
    trained = run.trained()
    if folder is not None:
        run.write_checkpoint()
        trained.save(folder.model)
    return trained


def _finished(model: Path, dlgm: DLGM) -> Trained:
    flow = None if dlgm.inference.flow is None else dlgm.inference.flow.template
    try:
        return load_trained(model, model=dlgm.with_flow(None), flow=flow)
    except InputError as error:
        raise InputError(
            f"{model} cannot be read ({str(error).rstrip('.')}): delete it, and to resume will "
            "make it again of the checkpoints."
        ) from error


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

    def __post_init__(self) -> None:
        images = len(self.data.train)
        if self.recipe.batch > images:
            raise InputError(
                f"a batch of {self.recipe.batch} is more than the {images} images to train on: "
                "choose a smaller batch."
            )
        self.devices.check_batch(self.recipe.batch)
        wanted = self.recipe.steps(images)
        longest = min(max(math.ceil(images / self.recipe.batch), _SHORTEST), _LONGEST)
        chunks = math.ceil(wanted / longest)
        self.chunk = math.ceil(wanted / chunks)  # one size, that one program be enough
        self.steps = chunks * self.chunk

    @property
    def identity(self) -> dict[str, Any]:
        """What must be the same for a training to go on."""
        digest = zlib.crc32(np.ascontiguousarray(self.data.train).view(np.uint8).data)
        return {
            "recipe": dataclasses.asdict(self.recipe),
            "seed": self.seed,
            "set of images": [*self.data.train.shape, digest],
        }

    def start(self) -> None:
        """Begin at the checkpoint that is there, or at the beginning."""
        same = json.dumps([self.identity, describe(self.dlgm)], sort_keys=True, default=str)
        self.devices.check_same(zlib.crc32(same.encode()), "images, recipe, seed and model")
        self.dlgm = self.dlgm.starting_at(to_unit(self.data.train[:_START_IMAGES]))
        self.state = self.devices.replicate(start_state(self.dlgm))
        self.best = _Best(_on_host(self.state.parameters))
        self.step = 0
        if not self._resume() and self.folder is not None:
            self.history = list(self.folder.lines(-1))

    def check_identity(self, folder: Checkpoints) -> tuple[dict[str, Any], bytes, Path] | None:
        """Read the newest checkpoint, and refuse one of another training."""
        found = folder.newest()
        if found is not None:
            content, _, origin = found
            check_same(content["architecture"], describe(self.dlgm), origin)
            for name, value in self.identity.items():
                if content[name] != value:
                    raise InputError(
                        f"{folder.folder} was trained with another {name}: resume it with the "
                        "same, or choose another folder."
                    )
        return found

    def _resume(self) -> bool:
        found = self.check_identity(self.folder) if self.folder is not None else None
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
        if self.folder is not None:
            self.history = list(self.folder.lines(self.step))
        return True

    def go(self, checkpoint_seconds: float, *, shown: bool) -> None:
        """Take the steps that are left."""
        images = self.devices.replicate(self.data.train)
        written = time.monotonic()
        # An interrupt within a chunk would lose it, and the state that it was given.
        with (
            Meter(self.steps, self.recipe.batch, shown=shown) as meter,
            DeferredInterrupt() as interrupt,
        ):
            while self.step < self.steps and not self.devices.any(interrupt.noted):
                measured = self._take_chunk(images)
                validation = self._validate()
                seconds, speed = meter.lap(self.chunk)
                self.seconds += seconds
                self._note(measured, validation, speed)
                meter.show(self.step, validation, speed)
                if time.monotonic() - written >= checkpoint_seconds and self.step < self.steps:
                    self.write_checkpoint()
                    written = time.monotonic()
        if self.step < self.steps:
            self.write_checkpoint()
            raise KeyboardInterrupt

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
            "annealed_free_energy": _json(float(measured.free_energy.mean())),
            "train_bound": _json(float(measured.bound.mean())),
            "validation_bound": _json(validation),
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
            "seconds": self.seconds,
            "best_bound": self.best.bound,
            "best_step": self.best.step,
        }
        self.folder.write(self.step, content, (self.state, self.best.parameters))

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


def _json(value: float) -> float | None:
    """JSON has no NaN."""
    return float(value) if math.isfinite(value) else None
