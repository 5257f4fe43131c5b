"""Checkpoints of a training on disk: written whole or not at all, the newest two kept."""

import os
import re
import shutil
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from fluvial.amortized.schemas import CHECKPOINT
from fluvial.errors import InputError
from fluvial.storage import arrays, strict_json
from fluvial.storage.folder import read_folder, write_folder
from fluvial.storage.locks import in_use
from fluvial.storage.reading import read_file
from fluvial.storage.schema import check, record
from fluvial.storage.writing import replaced

__all__ = ["Checkpoints"]

_KIND = "checkpoint"
_ARRAYS = "state.safetensors"
_KEPT = 2
# The names under which a checkpoint, the model and the metrics are written before they are moved.
_UNFINISHED = re.compile(r"\.(\d+|model)\.[0-9a-f]{12}|\.[0-9a-f]{12}\.metrics\.jsonl")


class Checkpoints:
    """The folder of one training.

    ``checkpoints/<step>/`` is one checkpoint; ``metrics.jsonl`` has a line of JSON for each time
    that training was measured; ``model/``, when training is done, the trained model.

    Args:
        folder: made where needed.
        resume: go on with what is there; otherwise the folder must hold no training.

    The folder is locked, against other processes too, until ``close`` or the end of the process,
    however it ends.

    Raises:
        InputError: if there is a training and ``resume`` is False, if the folder holds anything
            else, if another training uses it, or if it cannot be written.
    """

    def __init__(self, folder: Path, *, resume: bool):
        self.folder = folder
        self.model = folder / "model"
        self._states = folder / "checkpoints"
        self._metrics = folder / "metrics.jsonl"
        self._check(resume=resume)
        self._held = ExitStack()
        self._held.enter_context(in_use(folder))
        try:
            self._check(resume=resume)  # another may have begun and ended in the meantime
            self._states.mkdir(parents=True, exist_ok=True)
            self._clean()
        except OSError as error:
            self.close()
            raise InputError(f"{folder} cannot be written: {error.strerror}.") from error
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Let others use the folder."""
        self._held.close()

    def write(self, step: int, content: Mapping[str, Any], state: Any) -> None:
        """Keep a state, and remove all but the newest two.

        Args:
            step: steps so far.
            content: what JSON can hold.
            state: a tree of arrays.

        Raises:
            InputError: if it cannot be written, as on a full disk; earlier ones are untouched.
        """
        path = self._states / f"{step:09d}"
        write_folder(path, _KIND, content, {_ARRAYS: arrays.to_bytes(state)})
        for old in self._paths()[:-_KEPT]:
            shutil.rmtree(old, ignore_errors=True)

    def newest(self) -> tuple[dict[str, Any], bytes, Path] | None:
        """Read the newest checkpoint: its content, its arrays as bytes, and its folder.

        Raises:
            InputError: if it is damaged; the message says what is left.
        """
        paths = self._paths()
        if not paths:
            return None
        try:
            content, files = read_folder(paths[-1], _KIND)
            check(content, CHECKPOINT, paths[-1])
            if _ARRAYS not in files:
                raise InputError(f"{paths[-1]} has no {_ARRAYS}.")
        except InputError as error:
            rest = f"resume from {paths[-2].name}" if paths[1:] else "start again"
            raise InputError(
                f"{paths[-1]} is damaged or cut short: delete it to {rest}."
            ) from error
        content["best_bound"] = float(content["best_bound"])
        return content, files[_ARRAYS], paths[-1]

    def append(self, line: Mapping[str, Any]) -> None:
        """Add a line to the metrics."""
        try:
            with self._metrics.open("ab") as file:
                file.write(strict_json.dump(line))
        except OSError as error:
            raise InputError(f"{self._metrics} cannot be written: {error.strerror}.") from error

    def lines(self, last_step: int) -> Sequence[dict[str, Any]]:
        """Return the metrics up to a step, and remove from the file what came after it."""
        kept = []
        if os.path.lexists(self._metrics):
            for text in read_file(self._metrics).splitlines():
                try:
                    line = strict_json.parse(text)
                except ValueError:  # the process was killed while it wrote this one
                    break
                check(line, record(step={"type": "integer"}), self._metrics)
                if line["step"] > last_step:
                    break
                kept.append(line)
        with replaced(self._metrics) as fresh:
            fresh.write_bytes(b"".join(map(strict_json.dump, kept)))
        return kept

    def _clean(self) -> None:
        """Remove what a killed process was writing."""
        for path in (*self._states.glob(".*"), *self.folder.glob(".*")):
            if _UNFINISHED.fullmatch(path.name):
                shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink()

    def _paths(self) -> list[Path]:
        return sorted(path for path in self._states.glob("[0-9]*") if path.is_dir())

    def _check(self, *, resume: bool) -> None:
        if self.folder.exists() and not self.folder.is_dir():
            raise InputError(f"{self.folder} is a file: choose a folder.")
        ours = self._states.is_dir() or not self.folder.exists()
        if not ours and any(self.folder.iterdir()):
            raise InputError(
                f"{self.folder} is not empty and holds no training: choose another folder, so that "
                "nothing of yours is overwritten."
            )
        if not resume and self._states.is_dir() and self._paths():
            raise InputError(
                f"{self.folder} holds a training already: resume it, or choose another folder."
            )
