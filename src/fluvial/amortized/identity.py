"""What must be the same for a training to go on, and a sentence that names what is not."""

import dataclasses
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from fluvial.amortized.recipe import Recipe
from fluvial.errors import InputError

__all__ = ["check_continues", "identity"]

_IMAGES = "set of images"


def identity(recipe: Recipe, seed: int, images: np.ndarray) -> dict[str, Any]:
    """Describe a training, as JSON can hold it.

    Args:
        recipe: how it trains.
        seed: what decides all that is random.
        images: rows to train on, of which only the shape and a checksum are kept.
    """
    digest = zlib.crc32(np.ascontiguousarray(images).view(np.uint8).data)
    return {
        "recipe": dataclasses.asdict(recipe),
        "seed": seed,
        _IMAGES: [*images.shape, digest],
    }


def check_continues(found: Mapping[str, Any], wanted: Mapping[str, Any], folder: Path) -> None:
    """Check that a training may go on as another; it may have more epochs, and nothing else.

    Args:
        found: what ``identity`` gave when the checkpoint was written.
        wanted: what it gives now.
        folder: what the complaint names.

    Raises:
        InputError: naming the first setting that differs, and both its values.

    Example:
        >>> images = np.zeros((4, 2), np.uint8)
        >>> old, new = (identity(Recipe(rate=rate), 0, images) for rate in (0.1, 0.2))
        >>> check_continues(old, new, Path("run"))
        Traceback (most recent call last):
        ...
        fluvial.errors.InputError: run was trained with rate=0.1, not rate=0.2: resume it with ...
    """
    # Earlier versions did not save what they did not have.
    before = dataclasses.asdict(Recipe()) | found["recipe"] | {"seed": found["seed"]}
    now = wanted["recipe"]
    for name, value in (now | {"seed": wanted["seed"]}).items():
        if name == "epochs" and value >= before[name]:
            continue
        if before.get(name) != value:
            raise _differs(folder, name, before.get(name), value)
    if found[_IMAGES] != wanted[_IMAGES]:
        *old_shape, old_digest = found[_IMAGES]
        *new_shape, new_digest = wanted[_IMAGES]
        old, new = old_shape, new_shape
        if old == new:
            old, new = f"checksum {old_digest:08x}", f"checksum {new_digest:08x}"
        raise InputError(
            f"{folder} was trained on another set of images, of {_shape(old)}, not {_shape(new)}: "
            "resume it with the same, read in the same way, or choose another folder."
        )


def _differs(folder: Path, name: str, before: Any, now: Any) -> InputError:
    least = " or more" if name == "epochs" else ""
    return InputError(
        f"{folder} was trained with {name}={before}, not {name}={now}: resume it with "
        f"{name}={before}{least}, or choose another folder."
    )


def _shape(images: list[int] | str) -> str:
    return images if isinstance(images, str) else f"{images[0]:,} with {images[1]:,} pixels each"
