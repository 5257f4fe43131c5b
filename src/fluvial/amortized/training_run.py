"""A training under way: its steps, what they measure, and the checkpoints that keep it."""

import json
import math
import sys
import time
import zlib
from dataclasses import dataclass, field
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Key, Shaped

from fluvial.amortized.architecture import describe
from fluvial.amortized.best_parameters import BestParameters, with_parameters
from fluvial.amortized.checkpoints import Checkpoints
from fluvial.amortized.data import Data, order
from fluvial.amortized.dlgm import DLGM
from fluvial.amortized.evaluate import bounds
from fluvial.amortized.recipe import Recipe
from fluvial.amortized.steps import Batches, Measured, run_chunk, start_state
from fluvial.amortized.trained import Trained
from fluvial.amortized.training_folder import FoundCheckpoint, shared
from fluvial.datasets import to_unit
from fluvial.devices import Devices
from fluvial.errors import InputError
from fluvial.progress import Progress
from fluvial.storage import arrays
from fluvial.training.interrupts import DeferredInterrupt

__all__ = ["TrainingRun"]

_SHORTEST, _LONGEST = 50, 500
_START_IMAGES = 10_000


@dataclass
class TrainingRun:
    """A training under way."""

    dlgm: DLGM
    data: Data
    recipe: Recipe
    seed: int
    steps_key: Key[Array, ""]
    validation_key: Key[Array, ""]
    devices: Devices
    folder: Checkpoints | None = None
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
        self._plan(began=0)

    def _plan(self, began: int) -> None:
        """Divide the steps that are left from ``began`` on into chunks."""
        images = len(self.data.train)
        left = max(self.recipe.steps(images) - began, 0)
        longest = min(max(math.ceil(images / self.recipe.batch), _SHORTEST), _LONGEST)
        chunks = math.ceil(left / longest)
        self.chunk = math.ceil(left / max(chunks, 1))  # of one size, so that one program is enough
        self.began, self.steps = began, began + chunks * self.chunk

    def start(
        self,
        identity: dict[str, Any],
        folder: Checkpoints | None,
        found: FoundCheckpoint | None,
        *,
        shown: bool,
    ) -> None:
        """Begin at a checkpoint, or at the beginning.

        Args:
            identity: of this training; kept with every checkpoint.
            folder: for checkpoints and metrics, in the first process.
            found: the checkpoint to go on from, in the first process.
            shown: say so if the schedule is longer than the checkpoint's was.
        """
        self.identity, self.folder = identity, folder
        same = json.dumps([identity, describe(self.dlgm)], sort_keys=True, default=str)
        self.devices.check_same(zlib.crc32(same.encode()), "images, recipe, seed and model")
        self.dlgm = self.dlgm.starting_at(to_unit(self.data.train[:_START_IMAGES]))
        self.state = self.devices.replicate(start_state(self.dlgm))
        self.best = BestParameters.copied(self.state.parameters)
        self.step = 0
        found = shared(found, self.devices)
        if found is not None:
            self._resume(found, shown=shown)
        elif self.folder is not None:
            self.history = list(self.folder.lines(-1))

    def _resume(self, found: FoundCheckpoint, *, shown: bool) -> None:
        content = found.content
        template = (self.state, self.best.parameters)
        state, best = arrays.from_bytes(found.arrays, template, str(found.origin))
        self.state = self.devices.replicate(state)
        self.best = BestParameters.copied(best, content["best_bound"], content["best_step"])
        self.step, self.seconds = content["step"], content["seconds"]
        more = self.recipe.epochs > content["recipe"]["epochs"]
        self._plan(began=self.step if more else content.get("began", 0))
        if more and shown:
            self._say_more()
        if self.folder is not None:
            self.history = list(self.folder.lines(self.step))

    def _say_more(self) -> None:
        images, steps = len(self.data.train), np.array([self.step, self.steps])
        first, last = self.recipe.rates(steps, self.steps)
        sys.stderr.write(
            f"going on after {self.step * self.recipe.batch / images:.4g} epochs to "
            f"{self.recipe.epochs:g}, with learning rates from {first:.2g} to {last:.2g}\n"
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
        model = with_parameters(self.dlgm, self.state.parameters)
        rows, key = self.data.validation, self.validation_key
        bound = float(bounds(model, rows, 1, key, self.devices).mean())
        if bound > self.best.bound:
            self.best = BestParameters.copied(self.state.parameters, bound, self.step)
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
            dlgm=with_parameters(self.dlgm, self.best.parameters),
            recipe=self.recipe,
            shape=self.data.shape,
            validation_bound=self.best.bound,
            best_step=self.best.step,
            skipped=int(self.state.optimizer.skipped),
            history=tuple(self.history),
        )
